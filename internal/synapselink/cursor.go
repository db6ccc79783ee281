package synapselink

import (
	"strconv"
	"time"
)

// FolderFromDigits is the name that [FolderName.Digits] was made from, in the
// form that the service writes.
func FolderFromDigits(digits int64) (FolderName, error) {
	at, err := time.Parse("20060102150405", strconv.FormatInt(digits, 10))
	if err != nil {
		return FolderName{}, err
	}
	return ParseFolderName(at.Format("2006-01-02T15.04.05Z"))
}

// Spellings are the names under which a folder of that moment may be stored, the
// service's own first.
func (f FolderName) Spellings() []FolderName {
	var all []FolderName
	for _, layout := range []string{"2006-01-02T15.04.05Z", "2006-01-02T15:04:05Z", " 2006-01-02T15.04.05Z"} {
		all = append(all, FolderName{text: f.Time().Format(layout), digits: f.digits})
	}
	return all
}
