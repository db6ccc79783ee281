package pipeline

import (
	"time"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// Freshness says how old a table is, and how old the newest that it could be.
// A table is as new as the newest folder that was looked through for it,
// whether or not that held rows of it.
type Freshness struct {
	// Applied is the newest folder that is in the table, its age counted from
	// the folder's name; empty and null for none.
	Applied    string `json:"applied_folder"`
	AppliedAge *int64 `json:"applied_age_seconds"`
	// Newest is the newest folder of the source that can be read.
	Newest    string `json:"source_folder"`
	NewestAge *int64 `json:"source_age_seconds"`
	// Stale: the age is over freshness_limit.
	Stale bool `json:"stale"`
}

// fresh judges a table that has all folders up to the one given.
func (u *update) fresh(t *target, applied synapselink.FolderName) Freshness {
	f := Freshness{}
	f.Applied, f.AppliedAge = u.aged(applied)
	newest := t.env.newestReady()
	if newest.Compare(applied) < 0 {
		newest = applied
	}
	f.Newest, f.NewestAge = u.aged(newest)
	f.Stale = isStale(f.AppliedAge, t.spec.Settings.FreshnessLimit)
	return f
}

// isStale judges an age in seconds; a table without folders is as stale as can be.
func isStale(age *int64, limit time.Duration) bool {
	return limit > 0 && (age == nil || time.Duration(*age)*time.Second > limit)
}

// aged is a folder's name and its age in seconds.
func (u *update) aged(folder synapselink.FolderName) (string, *int64) {
	if folder.IsZero() {
		return "", nil
	}
	age := int64(u.opts.Clock().Sub(folder.Time()).Seconds())
	return folder.String(), &age
}
