package work

import (
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Freshness judges a table that has all folders up to the one given.
func (t *Target) Freshness(applied synapselink.FolderName) report.Freshness {
	f := report.Freshness{}
	f.Applied, f.AppliedAge = t.survey.Aged(applied)
	newest := t.Env.NewestReady()
	if newest.Compare(applied) < 0 {
		newest = applied
	}
	f.Newest, f.NewestAge = t.survey.Aged(newest)
	f.Stale = IsStale(f.AppliedAge, t.Spec.Settings.FreshnessLimit)
	return f
}

// IsStale judges an age in seconds; a table without folders is as stale as can be.
func IsStale(age *int64, limit time.Duration) bool {
	return limit > 0 && (age == nil || time.Duration(*age)*time.Second > limit)
}

// Aged is a folder's name and its age in seconds.
func (s *Survey) Aged(folder synapselink.FolderName) (string, *int64) {
	if folder.IsZero() {
		return "", nil
	}
	age := int64(s.Options.Clock().Sub(folder.Time()).Seconds())
	return folder.String(), &age
}
