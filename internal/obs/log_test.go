package obs

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

func clock() time.Time {
	return time.Date(2024, 9, 11, 18, 29, 10, 0, time.FixedZone("CEST", 2*60*60))
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		format Format
		want   string
	}{
		{"", "time=2024-09-11T16:29:10.000Z level=INFO msg=\"table done\" pipeline=prod table=main/d365/account rows_read=120 duration=1.5s\n"},
		{Text, "time=2024-09-11T16:29:10.000Z level=INFO msg=\"table done\" pipeline=prod table=main/d365/account rows_read=120 duration=1.5s\n"},
		{JSON, `{"time":"2024-09-11T16:29:10Z","level":"INFO","msg":"table done","pipeline":"prod","table":"main/d365/account","rows_read":120,"duration":1500000000}` + "\n"},
	} {
		var out bytes.Buffer
		log := NewLogger(&out, Options{Format: tt.format, Now: clock}).With(KeyPipeline, "prod")
		log.Debug("not shown")
		log.Info("table done", KeyTable, "main/d365/account", KeyRowsRead, 120, KeyDuration, 1500*time.Millisecond)
		if out.String() != tt.want {
			t.Errorf("format %q:\n%s\nwant\n%s", tt.format, out.String(), tt.want)
		}
	}
}

func TestLevel(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, Options{Level: slog.LevelError})
	log.Warn("quiet")
	log.Error("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
		t.Errorf("at level error: %s", got)
	}
}

type account struct{ name, key string }

func (a account) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", a.name), slog.String("account_key", a.key))
}

func TestNoSecretIsLogged(t *testing.T) {
	const secret = "hush-hush-hush-hush"
	signed := "https://a.blob.core.windows.net/c?sv=1&sig=" + secret + "&se=2"
	parsed, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{Text, JSON} {
		var out bytes.Buffer
		log := NewLogger(&out, Options{Format: format}).With("sas_token", secret).WithGroup("g").With("Client-Secret", secret)
		log.Info("read "+signed,
			"account", account{"lake", secret},
			slog.Group("options", "tenant_id", "t", "client_secret", secret),
			KeyURL, signed, "parsed", parsed, "pointer", &account{"lake", secret},
			KeyError, fmt.Errorf("get %s: %w", signed, errors.New("denied")),
			"database", "postgres://sluice:"+secret+"@db/x",
			"header", "Bearer "+secret,
			"list", []string{signed},
			"connection", "AccountName=a;AccountKey="+secret+";EndpointSuffix=x",
		)
		if strings.Contains(out.String(), secret) {
			t.Errorf("format %s shows the secret:\n%s", format, out.String())
		}
		if n := strings.Count(out.String(), Redacted); n != 13 {
			t.Errorf("format %s: %d redactions, want 13:\n%s", format, n, out.String())
		}
		for _, kept := range []string{"tenant_id", "sv=1", "se=2", "denied", "AccountName=a"} {
			if !strings.Contains(strings.ReplaceAll(out.String(), `\u0026`, "&"), kept) {
				t.Errorf("format %s lost %s:\n%s", format, kept, out.String())
			}
		}
	}
}

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"nothing to hide: a=b https://host/path?x=1", "nothing to hide: a=b https://host/path?x=1"},
		{"https://h/c?sig=ab%2Bc&x=1", "https://h/c?sig=[redacted]&x=1"},
		{"postgres://u:p:w@h/d", "postgres://u:[redacted]@h/d"},
		{"abfss://container@account.dfs.core.windows.net:443/x", "abfss://container@account.dfs.core.windows.net:443/x"},
		{"grant_type=x&client_secret=abc", "grant_type=x&client_secret=[redacted]"},
		{"design=good", "design=good"},
		{"bearer of bad news", "bearer of bad news"},
	} {
		if got := Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestIsSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"client_secret": true, "ClientSecret": true, "SAS-Token": true, "account.key": true, "token": true, "Authorization": true,
		"pipeline": false, "key": false, "page_token_count": false, "table": false, KeyError: false, KeyHint: false,
	} {
		if got := IsSecret(name); got != want {
			t.Errorf("IsSecret(%q) = %v", name, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		format, level string
		wantFormat    Format
		wantLevel     slog.Level
	}{{"", "", Text, slog.LevelInfo}, {"text", "debug", Text, slog.LevelDebug}, {"JSON", "WARN", JSON, slog.LevelWarn}, {"json", "error", JSON, slog.LevelError}} {
		format, err := ParseFormat(tt.format)
		if err != nil || format != tt.wantFormat {
			t.Errorf("ParseFormat(%q) = %q, %v", tt.format, format, err)
		}
		level, err := ParseLevel(tt.level)
		if err != nil || level != tt.wantLevel {
			t.Errorf("ParseLevel(%q) = %v, %v", tt.level, level, err)
		}
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("ParseFormat takes xml")
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("ParseLevel takes loud")
	}
}

func TestDiscard(t *testing.T) {
	if Discard().Enabled(t.Context(), slog.LevelError) {
		t.Error("the discarding logger is enabled")
	}
}
