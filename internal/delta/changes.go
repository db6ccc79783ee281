package delta

import (
	"fmt"
	"strings"
	"time"
)

// Changes is what one commit does to a table.
type Changes struct {
	Info     CommitInfo
	Txns     []Txn     // at most one an appId
	Protocol *Protocol // replaces
	Metadata *Metadata // replaces; same id
	Domains  []DomainMetadata
	Removes  []Remove // of files of the snapshot, with their vectors
	Adds     []Add
}

// actions are the lines after commitInfo. All removes stand before all adds: a
// reader that knows files by path alone and takes lines one by one would lose
// files that are added with another vector.
func (c *Changes) actions() []Action {
	var out []Action
	for i := range c.Txns {
		out = append(out, Action{Txn: &c.Txns[i]})
	}
	if c.Protocol != nil {
		out = append(out, Action{Protocol: c.Protocol})
	}
	if c.Metadata != nil {
		out = append(out, Action{Metadata: c.Metadata})
	}
	for i := range c.Domains {
		out = append(out, Action{Domain: &c.Domains[i]})
	}
	for i := range c.Removes {
		out = append(out, Action{Remove: &c.Removes[i]})
	}
	for i := range c.Adds {
		out = append(out, Action{Add: &c.Adds[i]})
	}
	return out
}

// prepared is a copy in which everything that other readers require is there.
// The caller's changes stay as they were.
func (c Changes) prepared(now time.Time) Changes {
	c.Txns = append([]Txn(nil), c.Txns...)
	for i := range c.Txns {
		if c.Txns[i].LastUpdated == nil {
			at := now.UnixMilli()
			c.Txns[i].LastUpdated = &at
		}
	}
	if c.Metadata != nil {
		m := *c.Metadata
		m.normalize()
		c.Metadata = &m
	}
	c.Removes = append([]Remove(nil), c.Removes...)
	for i := range c.Removes {
		if c.Removes[i].DeletionTimestamp == 0 {
			c.Removes[i].DeletionTimestamp = now.UnixMilli()
		}
		if c.Removes[i].ExtendedFileMetadata {
			c.Removes[i].PartitionValues = orEmpty(c.Removes[i].PartitionValues)
		}
	}
	c.Adds = append([]Add(nil), c.Adds...)
	for i := range c.Adds {
		c.Adds[i].PartitionValues = orEmpty(c.Adds[i].PartitionValues)
	}
	return c
}

// isBlindAppend: the rows do not depend on what was read.
func (c *Changes) isBlindAppend() bool {
	if len(c.Removes) > 0 || c.Metadata != nil || c.Protocol != nil {
		return false
	}
	for _, a := range c.Adds {
		if !a.DataChange || a.DeletionVector != nil {
			return false
		}
	}
	return true
}

func (c *Changes) removesRows() bool {
	for _, r := range c.Removes {
		if r.DataChange {
			return true
		}
	}
	return false
}

// validate finds what the protocol forbids in a commit on that snapshot.
func (c *Changes) validate(s *Snapshot) error {
	after := *s
	if c.Protocol != nil {
		after.Protocol = *c.Protocol
	}
	if c.Metadata != nil {
		after.Metadata = *c.Metadata
	}
	for _, check := range []func(*Snapshot, *Snapshot) error{
		c.checkTable, c.checkTxns, c.checkDomains, c.checkFiles,
	} {
		if err := check(s, &after); err != nil {
			return err
		}
	}
	if c.removesRows() {
		return after.CheckWritable()
	}
	return after.CheckAppendable()
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalidChanges, fmt.Errorf(format, args...))
}

func (c *Changes) checkTable(before, after *Snapshot) error {
	if len(c.actions()) == 0 {
		return invalid("there is nothing to commit")
	}
	if before.Version < 0 {
		if c.Protocol == nil || c.Metadata == nil {
			return invalid("the first version needs protocol and metadata")
		}
	} else if after.Metadata.ID != before.Metadata.ID {
		return invalid("metadata of table id %q for the table %q", after.Metadata.ID, before.Metadata.ID)
	}
	if err := after.Protocol.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidChanges, err)
	}
	if err := checkReadable(after.URL(), &after.Protocol); err != nil {
		return err
	}
	if before.Version >= 0 && after.hasInCommitTimestamps() && !before.hasInCommitTimestamps() {
		return &FeatureError{Table: after.URL(), Write: true, Feature: featureICT, Why: "it can be switched on only when the table is created"}
	}
	return nil
}

func (c *Changes) checkTxns(_, _ *Snapshot) error {
	seen := map[string]bool{}
	for _, t := range c.Txns {
		if t.AppID == "" || seen[t.AppID] {
			return invalid("txn with the appId %q, which is empty or comes twice", t.AppID)
		}
		seen[t.AppID] = true
	}
	return nil
}

func (c *Changes) checkDomains(_, after *Snapshot) error {
	seen := map[string]bool{}
	for _, d := range c.Domains {
		if d.Domain == "" || seen[d.Domain] || strings.HasPrefix(d.Domain, "delta.") {
			return invalid("domain metadata for %q, which is empty, comes twice or is reserved", d.Domain)
		}
		seen[d.Domain] = true
		if !after.Protocol.hasWriterFeature(featureDomain) {
			return invalid("domain metadata needs the table feature %s", featureDomain)
		}
	}
	return nil
}

// checkFiles follows each path through the commit: what is removed must be
// there, what is added must not, unless it is removed with another vector.
func (c *Changes) checkFiles(before, after *Snapshot) error {
	live := map[string]fileKey{} // by path
	for k := range before.adds {
		live[k.path] = k
	}
	removed := map[string]fileKey{}
	for _, r := range c.Removes {
		k := newFileKey(r.Path, r.DeletionVector)
		if _, twice := removed[k.path]; twice {
			return invalid("two removes of %s", r.Path)
		}
		if _, ok := before.adds[k]; !ok {
			return invalid("remove of %s with the deletion vector %q, which version %d does not hold", r.Path, k.vector, before.Version)
		}
		removed[k.path] = k
	}
	added := map[string]bool{}
	for _, a := range c.Adds {
		k := newFileKey(a.Path, a.DeletionVector)
		if added[k.path] {
			return invalid("two adds of %s", a.Path)
		}
		added[k.path] = true
		old, isLive := live[k.path]
		gone, isRemoved := removed[k.path]
		switch {
		case isRemoved && gone == k:
			return invalid("%s is removed and added with the same deletion vector", a.Path)
		case isLive && !isRemoved && old != k:
			return invalid("add of %s with another deletion vector without the remove of the old one", a.Path)
		}
		if err := checkAdd(&a, isLive && old == k, after); err != nil {
			return err
		}
	}
	return nil
}

func checkAdd(a *Add, known bool, after *Snapshot) error {
	if a.Path == "" || a.Size < 0 {
		return invalid("add of %q with %d bytes", a.Path, a.Size)
	}
	if _, err := resolve(after.store, after.Root, a.Path); err != nil {
		return invalid("add of %q: %w", a.Path, err)
	}
	if a.DeletionVector == nil {
		return nil
	}
	if !after.Protocol.hasWriterFeature(featureVectors) || !known && !after.Metadata.isTrue("delta.enableDeletionVectors") {
		return invalid("add of %s with a deletion vector: the table does not have delta.enableDeletionVectors", a.Path)
	}
	if stats, err := ParseStats(a.Stats); err != nil || stats.NumRecords < a.DeletionVector.Cardinality {
		return invalid("add of %s with a deletion vector of %d rows needs the number of all rows in its stats, has %q",
			a.Path, a.DeletionVector.Cardinality, a.Stats)
	}
	return nil
}

// hasInCommitTimestamps tells whether commits must carry their time.
func (s *Snapshot) hasInCommitTimestamps() bool {
	return s.Protocol.hasWriterFeature(featureICT) && s.Metadata.isTrue("delta.enableInCommitTimestamps")
}
