package cli

import (
	"testing"

	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
)

func TestSentencesOfOneAndOfMany(t *testing.T) {
	strays := func(n int64) string {
		var total maintainTotal
		total.add(&upkeep.Maintained{Report: maintain.Report{Strays: n}}, false)
		return total.summary(false)
	}
	for _, test := range []struct{ got, want string }{
		{rowsSentence(report.Rows{Read: 1, Upserted: 1}), "1 row read = 1 upserted + 0 deleted + 0 superseded + 0 quarantined"},
		{rowsSentence(report.Rows{Read: 1200, Upserted: 1200}), "1,200 rows read = 1,200 upserted + 0 deleted + 0 superseded + 0 quarantined"},
		{quarantinedText(1), "1 row was quarantined"},
		{quarantinedText(2), "2 rows were quarantined"},
		{setAsideSentence(1), "1 row is set aside; sluice quarantine show prints it whole, retry reads it again"},
		{setAsideSentence(2), "2 rows are set aside; sluice quarantine show prints them whole, retry reads them again"},
		{strays(0), "1 table: nothing to do"},
		{strays(1), "1 table: nothing to do yet; 1 file of no version is removed once older than the retention"},
		{strays(3), "1 table: nothing to do yet; 3 files of no version are removed once older than the retention"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
