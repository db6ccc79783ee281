package compare

import (
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// TestLastCopy: a folder a line, with the state and the time of its copy.
func TestLastCopy(t *testing.T) {
	const first, second, third = "1/1/2024 1:00:00 AM", "1/3/2024 0:30:00 AM", "1/5/2024 12:00:00 PM"
	for _, tt := range []struct {
		name string
		seen []string // day, state, completed
		want string   // day of the folder in which the copy begins, and what is known
	}{
		{"nothing known", []string{"1||", "2||"}, ""},
		{"the first copy", []string{"1|InProgress|", "2|Completed|" + first, "3|Completed|" + first}, ""},
		{"within one folder", []string{"1|Completed|" + first, "3|Completed|" + second}, "3"},
		{"later folders say the same", []string{"1|Completed|" + first, "3|Completed|" + second, "4|Completed|" + second}, "3"},
		{"through several folders", []string{"1|Completed|" + first, "2|InProgress|" + first, "3|InProgress|", "4|Completed|" + second}, "2 shown"},
		{"not complete", []string{"1|Completed|" + first, "2|InProgress|" + first, "3|InProgress|"}, "2 running shown"},
		{"requested", []string{"1|Completed|" + first, "2|RequestedInitialData|"}, "2 running shown"},
		{"with failures", []string{"1|Completed|" + first, "2|InProgress|", "3|CompletedWithFailures|" + second}, "2 failures shown"},
		{"state went back and came again unchanged", []string{"1|Completed|" + first, "2|InProgress|" + first, "3|Completed|" + first}, ""},
		{"paused is no copy", []string{"1|Completed|" + first, "2|Paused|" + first, "3|Completed|" + first}, ""},
		{"paused at first", []string{"1|Completed|" + first, "2|Paused|" + first, "3|Completed|" + second}, "2"},
		{"paused, then under way", []string{"1|Completed|" + first, "2|None|", "3|InProgress|", "4|Completed|" + second}, "2 shown"},
		{"paused and copied later", []string{"1|Completed|" + first, "2|Paused|" + first, "3|Completed|" + first, "4|Completed|1/4/2024 0:00:30 AM"}, "4"},
		{"paused when complete", []string{"1|Completed|" + first, "2|Paused|" + second, "3|Completed|" + second}, "2"},
		{"told a folder late", []string{"1|Completed|" + first, "3|Completed|" + first, "4|Completed|1/3/2024 11:00:00 AM"}, "3"},
		{"told by a text that is no time", []string{"1|Completed|a", "3|Completed|b"}, "3"},
		{"again", []string{"1|Completed|" + first, "3|Completed|" + second, "5|Completed|" + third}, "5"},
		{"again, and not complete", []string{"1|Completed|" + first, "3|Completed|" + second, "5|InProgress|" + second}, "5 running shown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen []Seen
			for _, line := range tt.seen {
				parts := strings.Split(line, "|")
				name, err := synapselink.ParseFolderName("2024-01-0" + parts[0] + "T00.00.00Z")
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, Seen{name, parts[1], parts[2]})
			}
			c := LastCopy(seen)
			got := ""
			if !c.Since.IsZero() {
				got = strings.TrimLeft(c.Since.String()[8:10], "0")
			}
			if c.Running {
				got += " running"
			}
			if c.Failures {
				got += " failures"
			}
			if c.Proven {
				got += " shown"
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if c.Whole() != (got != "" && !c.Running && !c.Failures) {
				t.Errorf("%+v: whole %t", c, c.Whole())
			}
		})
	}
}
