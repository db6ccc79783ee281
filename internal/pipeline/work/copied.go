package work

// copiedSuffix names the txn action that remembers that the table was exported again
// in full while it was kept in step:
//
//	<appID>/copied     the folder that brought the copy, 0: made anew since
//
// Rows that were deleted before the copy have no delete marker in it.
const copiedSuffix = "/copied"

// CopiedID is the application id of the last copy.
func (t *Target) CopiedID() string { return t.AppID() + copiedSuffix }
