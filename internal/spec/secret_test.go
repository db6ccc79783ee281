package spec

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestSecretIsNeverShown(t *testing.T) {
	const text = "hush-hush"
	type holder struct {
		Secret  Secret   `json:"secret"`
		Pointer *Secret  `json:"pointer"`
		List    []Secret `json:"list"`
		Address URL      `json:"address"`
	}
	s := Secret(text)
	h := holder{s, &s, []Secret{s}, "postgres://user:" + text + "@host/db?sslpassword=" + text}

	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T"} {
		fmt.Fprintf(&shown, verb+"\n", s)
		fmt.Fprintf(&shown, verb+"\n", h)
		fmt.Fprintf(&shown, verb+"\n", h.Address)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		out, err := marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(out)
	}
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "secret", s, "address", h.Address)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "secret", s, "holder", h)

	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("%s is shown:\n%s", form, shown.String())
		}
	}
	if n := strings.Count(shown.String(), Redacted); n < 20 {
		t.Errorf("%s is shown %d times, too seldom:\n%s", Redacted, n, shown.String())
	}
	if s.Reveal() != text || !strings.Contains(h.Address.Reveal(), text) {
		t.Error("Reveal does not give the secret")
	}
}

func TestSecretEmpty(t *testing.T) {
	if got := fmt.Sprintf("%v%s", Secret(""), Secret("").String()); got != "" {
		t.Errorf("an empty secret is shown as %q", got)
	}
}

func TestURLString(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"./state", "./state"},
		{`C:\state`, `C:\state`},
		{"postgres://host/db", "postgres://host/db"},
		{"postgres://user@host/db", "postgres://user@host/db"},
		{"postgres://user:pw@host:5432/db?sslmode=require", "postgres://user:redacted@host:5432/db?sslmode=redacted"},
		{"postgres://user:p%w@host/db", Redacted},
	} {
		if got := URL(tt.in).String(); got != tt.want {
			t.Errorf("URL(%q) is shown as %q, want %q", tt.in, got, tt.want)
		}
	}
}
