package obs

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Format is the form of log lines.
type Format string

// The formats.
const (
	Text Format = "text" // key=value, for terminals
	JSON Format = "json" // one object a line, for machines
)

// ParseFormat reads the name of a format; the empty name is [Text].
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case "":
		return Text, nil
	case Text, JSON:
		return f, nil
	}
	return "", fmt.Errorf("log format %q is not known: use text or json", name)
}

// ParseLevel reads the name of a level: debug, info, warn, error. The empty
// name is info.
func ParseLevel(name string) (slog.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("log level %q is not known: use debug, info, warn or error", name)
}

// Options say how log lines look.
type Options struct {
	Format Format       // Text where empty
	Level  slog.Leveler // lines below it are dropped; info where nil
	// Now is the clock of the lines, for tests. Where nil, lines carry the time
	// at which they were made.
	Now func() time.Time
}

// NewLogger writes lines to w, without secrets. Times are in UTC.
func NewLogger(w io.Writer, o Options) *slog.Logger {
	opts := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: o.replace}
	if o.Format == JSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Discard is a logger for those who want none.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (o Options) replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		t := a.Value.Time()
		if o.Now != nil {
			t = o.Now()
		}
		return slog.Time(slog.TimeKey, t.UTC())
	}
	return redactAttr(groups, a)
}
