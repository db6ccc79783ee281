package report

import (
	"slices"
)

// EventKinds lists the kinds of events in order of their codes. The codes of
// failures are among them: a failure is an event of level ERROR.
func EventKinds() []EventKind {
	kinds := slices.Clone(noteworthy)
	for _, c := range classes {
		if !slices.ContainsFunc(kinds, func(k EventKind) bool { return k.Code == c.code }) {
			kinds = append(kinds, EventKind{c.code, Error, c.meaning, c.fix})
		}
	}
	slices.SortFunc(kinds, func(a, b EventKind) int {
		switch {
		case a.Code < b.Code:
			return -1
		case a.Code > b.Code:
			return 1
		}
		return 0
	})
	return kinds
}

// kindOf finds a kind by its code. A code that nobody documented is shown as a
// warning without a fix; TestEventKinds finds it.
func kindOf(code string) EventKind {
	for _, k := range EventKinds() {
		if k.Code == code {
			return k
		}
	}
	return EventKind{Code: code, Level: Warn}
}

// noteworthy are the kinds that are no failures of a run.
var noteworthy = []EventKind{
	{TableCreated, Info, "the table was made in the lake", ""},
	{TableFound, Info, "a schema object picked up a table that the export describes since the last run", ""},
	{ColumnsAdded, Info, "the source has new columns; the table has them from now on, null in older rows", ""},
	{FolderLate, Info, "a folder that had been skipped got its model.json and was applied", ""},
	{FolderGone, Warn, "a folder that had been skipped went away from the export before it could be read; it is not looked for any more", "nothing if the service committed its rows again in a later folder, as it does; sluice reconcile TABLE compares what is left; otherwise have the table exported again"},
	{ChangelogSetBack, Warn, "changelog.info names a folder that a table holds already, or an earlier one: the container was restored, or the file was changed by hand; what is written to folders up to the table's cursor is not read", "see what set it back; when changelog.info names a later folder again, run sluice reconcile TABLE, or a full refresh"},
	{FolderSettling, Warn, "a folder is closed, but its model.json is missing, empty or unreadable; it and those after it wait", "wait: the service completes it, or it is skipped after abandon_after"},
	{FolderAbandoned, Warn, "a folder did not get its model.json within abandon_after and was skipped; the service commits its rows again in a later folder", "runs look at it again and apply it when its model.json is there"},
	{FolderGap, Warn, "folders went away before they were read; on_gap is continue, so the table went on with what is left", "run a full refresh if the folders that are left reach back to a whole copy, or have the table exported again"},
	{FolderMissing, Warn, "a folder that a table holds is gone from the export, and older ones are left: folders are removed out of their order, so that tables which had not read it miss it and nothing else tells", "remove the oldest folders first, or let sluice prune do it; sluice reconcile TABLE compares a table with what is left; have tables that miss rows exported again"},
	{FolderEmpty, Info, "a folder holds no rows of any table", ""},
	{InitialCopyGone, Warn, "the oldest folder that is left is younger than the table's initial copy: rows that never changed since are not in it", "have the table exported again (remove it in Synapse Link and add it), then run a full refresh; on_gap: continue takes what is left"},
	{InitialSyncRunning, Info, "Synapse Link has not finished the table's initial copy; its rows come in the folders to follow", ""},
	{SyncFailures, Warn, "the export has a folder EntitySyncFailure: the service could not export some rows", "look at the Synapse Link profile in Power Apps"},
	{SourceStandsStill, Warn, "changelog.info names the same folder for longer than freshness_limit: nothing changed in the environment, or the export has stopped", "look at the Synapse Link profile in Power Apps; there is nothing to do if nobody changed anything"},
	{SourceChangedOnce, Info, "a file of the export changed between listing and reading; the table was planned anew and brought up to date", ""},
	{TableStale, Warn, "the newest folder in the table is older than freshness_limit while newer folders wait", "see why they wait: sluice status, sluice plan"},
	{TableGone, Warn, "the export describes the table no longer; its rows stay as they are", "remove it from the configuration, or add it to Synapse Link again"},
	{SelectionUnknown, Warn, "include_columns or exclude_columns name a column that the source has no more", "take the name off the list"},
	{RefreshWouldEmpty, Warn, "no folder that is left has rows of the table; a full refresh would have emptied it and was not done", "have the table exported again (remove it in Synapse Link and add it), then run a full refresh"},
	{RowsQuarantined, Warn, "rows that could not be read were set aside, with the reason", "sluice quarantine list shows them; sluice quarantine retry applies them once they can be read"},
	{QuarantineRowsLeft, Warn, "rows of earlier runs are still set aside; a full refresh leaves those whose folders it cannot read", "sluice quarantine list shows them"},
	{QuarantineRowsDropped, Warn, "a full refresh made the table anew from another export, and what had been set aside of the one before was dropped", "if the export before is still wanted, give it a table of its own and run that"},
	{QuarantineRowsSolved, Info, "rows that had been set aside were applied", ""},
	{CellsCut, Info, "texts were longer than max_cell_bytes and were cut there, as the configuration wants it", "raise max_cell_bytes and run a full refresh if they are wanted whole"},
	{ReconcileDiffers, Warn, "the table differs from a replay of the folders that are left", "sluice reconcile shows the keys and says what can be done"},
	{PruneSkipped, Warn, "another program holds a file of a source folder that nothing needs any more; it and the folders after it were not removed", "end that program, or break its lease if it is gone; the next sluice prune goes on there"},
	{VanishedRowsRemoved, Info, "rows that the source no longer has and never marked as deleted were removed", ""},
	{TableCopiedAnew, Warn, "the table was exported again in full; rows that were deleted meanwhile have no delete marker and are still in it", "sluice reconcile TABLE finds them, and removes them with --apply"},
	{ManifestBreaksOff, Warn, "a folder's model.json breaks off; tables behind the break are read by their own model in the folder", "nothing, unless a table fails for it"},
	{TableCompacted, Info, "small files of the table were merged, or files with many dead rows written anew; no row is another", ""},
	{MaintenanceFailed, Warn, "the table is up to date, but its files could not be looked after", "see the reason; sluice maintain tries again"},
	{ClockSkewed, Warn, "the clock of this machine and that of the storage differ; ages of files are told by the one that is behind", "set the clock of this machine"},
	{CacheNotWritten, Warn, "what was found could not be kept for the next run, which will look at everything anew", "make the folder that the text names writable: the state folder, or for a result of reconcile the table's in the lake"},
	{FilesUnknown, Warn, "a folder holds files that are neither CSV files of a table nor known otherwise; nothing reads them", "look at what wrote them"},
}
