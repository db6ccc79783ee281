package change

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// table is a store of rows and tombstones of the smallest kind: what an engine
// does with Resolve, without files.
type table struct {
	resolver Resolver
	facts    map[Key][]Fact
	content  []string // by Fact.Ref
	counts   map[Effect]int
}

func newTable(t Type) *table {
	tab := &table{facts: map[Key][]Fact{}, counts: map[Effect]int{}}
	tab.resolver = Resolver{Type: t, Same: func(a, b *Fact) bool { return tab.content[a.Ref] == tab.content[b.Ref] }}
	return tab
}

type delivered struct {
	Change
	row string
}

func (tab *table) apply(batch []delivered) {
	fresh := map[Key][]Fact{}
	for _, d := range batch {
		tab.content = append(tab.content, d.row)
		fresh[d.Key] = append(fresh[d.Key], New(d.Change, uint64(len(tab.content)-1)))
	}
	for key, facts := range fresh {
		facts = append(facts, tab.facts[key]...)
		added := slices.Clone(tab.resolver.Resolve(facts))
		var kept []Fact
		for _, f := range facts {
			if f.Effect != None {
				tab.counts[f.Effect]++
			}
			switch {
			case f.Stays:
				kept = append(kept, Row(key, f.Version, f.Modified, f.Folder, f.First, f.End, f.Ref))
			case f.InTable && f.Delete:
				kept = append(kept, f)
			}
		}
		tab.facts[key] = append(kept, added...)
	}
}

func (tab *table) rows() []ModelRow[string] {
	var rows []ModelRow[string]
	for key, facts := range tab.facts {
		for _, f := range facts {
			if !f.Delete {
				rows = append(rows, ModelRow[string]{Key: key, Row: tab.content[f.Ref], Start: f.Version, End: f.End})
			}
		}
	}
	sortRows(rows)
	return rows
}

func sortRows(rows []ModelRow[string]) {
	slices.SortFunc(rows, func(a, b ModelRow[string]) int {
		if c := slices.Compare(a.Key[:], b.Key[:]); c != 0 {
			return c
		}
		return int(a.Start - b.Start)
	})
	for i := range rows {
		rows[i].Change = Change{}
	}
}

func drawChange(t *rapid.T, folders int) delivered {
	d := delivered{Change: Change{
		Key:     Key{byte(rapid.IntRange(1, 2).Draw(t, "key"))},
		Version: int64(rapid.IntRange(1, 8).Draw(t, "version")),
		Folder:  int64(rapid.IntRange(1, folders).Draw(t, "folder")),
	}}
	// Two deliveries that differ only in their columns come from one folder.
	d.Modified = d.Folder%3*10 + d.Folder
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		d.Delete = true
	case 1:
		d.Delete, d.Unversioned, d.Version, d.Modified = true, true, 0, NoTime
	default:
		d.row = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "row")
	}
	return d
}

// TestAnyOrderGivesTheModel applies a random set of changes, folder by folder in
// a random order with folders repeated and batched at will, and compares with
// what the model says of the set.
func TestAnyOrderGivesTheModel(t *testing.T) {
	for _, typ := range []Type{Type1, Type2} {
		t.Run(fmt.Sprintf("type %d", typ), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkAnyOrder(t, typ) })
		})
	}
}

// onlyContent reports whether no other change has the version and
// SinkModifiedOn of d with other columns.
func onlyContent(all []delivered, d delivered) bool {
	for _, o := range all {
		if o.Key == d.Key && o.Version == d.Version && o.Modified == d.Modified && o.row != d.row {
			return false
		}
	}
	return true
}

func checkAnyOrder(t *rapid.T, typ Type) {
	const folders = 5
	var model Model[string]
	var all []delivered
	byFolder := map[int64][]delivered{}
	for i := range rapid.IntRange(1, 12).Draw(t, "changes") {
		d := drawChange(t, folders)
		d.Offset = int64(i)
		if n := len(all); n > 0 && rapid.IntRange(0, 3).Draw(t, "repeat") == 0 {
			again := all[rapid.IntRange(0, n-1).Draw(t, "which")]
			if !again.Unversioned && onlyContent(all, again) {
				again.Folder, again.Offset = d.Folder, d.Offset
				d = again
			}
		}
		all = append(all, d)
		model.Add(d.Change, d.row)
		byFolder[d.Folder] = append(byFolder[d.Folder], d)
	}
	var sequence []int64
	for f := int64(1); f <= folders; f++ {
		for range rapid.IntRange(1, 2).Draw(t, "times") {
			sequence = append(sequence, f)
		}
	}
	sequence = rapid.Permutation(sequence).Draw(t, "order")
	tab := newTable(typ)
	read := 0
	for len(sequence) > 0 {
		n := rapid.IntRange(1, len(sequence)).Draw(t, "batch")
		var batch []delivered
		for _, f := range sequence[:n] {
			batch = append(batch, byFolder[f]...)
		}
		sequence = sequence[n:]
		tab.apply(rapid.Permutation(batch).Draw(t, "rows"))
		read += len(batch)
	}
	want := model.Rows(typ)
	sortRows(want)
	if diff := cmp.Diff(want, tab.rows()); diff != "" {
		t.Fatalf("table differs from the model (-model +table):\n%s", diff)
	}
	if got := tab.counts[Upserted] + tab.counts[Deleted] + tab.counts[Superseded]; got != read {
		t.Fatalf("%d changes read, %d accounted for: %v", read, got, tab.counts)
	}
}
