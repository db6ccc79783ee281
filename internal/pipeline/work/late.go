package work

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// PassedOver lists the skipped folders of which the table's log says the same, in
// order.
func (t *Target) PassedOver(state int64) []synapselink.FolderName {
	if !t.Exists() || t.Moved {
		return nil
	}
	var folders []synapselink.FolderName
	for id, txn := range t.Snapshot.Txns {
		text, ok := strings.CutPrefix(id, t.AppID()+latePrefix)
		if !ok || txn.Version != state {
			continue
		}
		name, err := synapselink.ParseFolderName(text)
		if n, notDigits := strconv.ParseInt(text, 10, 64); notDigits == nil {
			name, err = synapselink.FolderFromDigits(n)
		}
		if err == nil {
			folders = append(folders, name)
		}
	}
	slices.SortFunc(folders, synapselink.FolderName.Compare)
	return folders
}

// OfMoment are the closed folders of one moment: their names differ in spelling or
// in a fraction of a second.
func (e *Environment) OfMoment(moment synapselink.FolderName) []synapselink.FolderName {
	if moment.Digits() == e.after.Digits() {
		return slices.Clone(e.Listing.Beside)
	}
	closed := e.Listing.Closed // in order, and as many as an export has
	from, _ := slices.BinarySearchFunc(closed, moment.Digits(), func(f synapselink.FolderName, digits int64) int { return cmp.Compare(f.Digits(), digits) })
	to := from
	for to < len(closed) && closed[to].Digits() == moment.Digits() {
		to++
	}
	return slices.Clone(closed[from:to])
}

// unread are the folders of the cursor's moment where there are more than the
// table was given. Which of them came later is not known, so all are read: changes
// that the table holds already change nothing.
func (t *Target) unread() []synapselink.FolderName {
	cursor := t.Cursor()
	if cursor.IsZero() {
		return nil
	}
	folders := t.Env.OfMoment(cursor)
	if had := t.Snapshot.Txns[t.AppID()+spellingsSuffix].Version; int64(len(folders)) <= max(1, had) {
		return nil
	}
	return slices.DeleteFunc(folders, func(f synapselink.FolderName) bool {
		_, marked := t.Snapshot.Txns[t.LateID(f)]
		return marked
	})
}
