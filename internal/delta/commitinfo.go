package delta

import "encoding/json"

// CommitInfo tells people what a commit did. Times, ids and versions are filled
// in by [Commit].
type CommitInfo struct {
	Operation    string            // e.g. "MERGE", "OPTIMIZE"
	Parameters   map[string]string // operationParameters
	Metrics      map[string]string // operationMetrics; numbers as digits
	UserMetadata string
}

// commitInfoLine is the action as it stands in the log. Others may write
// anything into it, so that of theirs only the two fields that have a meaning
// are read, and only when they have the right type.
type commitInfoLine struct {
	Timestamp         int64             `json:"timestamp"`
	InCommitTimestamp *int64            `json:"inCommitTimestamp,omitempty"`
	Operation         string            `json:"operation"`
	Parameters        map[string]string `json:"operationParameters"`
	ReadVersion       *int64            `json:"readVersion,omitempty"`
	IsolationLevel    string            `json:"isolationLevel"`
	IsBlindAppend     bool              `json:"isBlindAppend"`
	Metrics           map[string]string `json:"operationMetrics"`
	UserMetadata      string            `json:"userMetadata,omitempty"`
	EngineInfo        string            `json:"engineInfo,omitempty"`
	TxnID             string            `json:"txnId"`
}

func (c *commitInfoLine) UnmarshalJSON(data []byte) error {
	*c = commitInfoLine{}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil //nolint:nilerr // what is no object tells nothing, and nothing is asked of it
	}
	var id string
	if json.Unmarshal(fields["txnId"], &id) == nil {
		c.TxnID = id
	}
	var at *int64
	if json.Unmarshal(fields["inCommitTimestamp"], &at) == nil {
		c.InCommitTimestamp = at
	}
	return nil
}
