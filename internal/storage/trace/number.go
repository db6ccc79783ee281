package trace

import (
	"fmt"
	"regexp"
)

// UUIDs are the random part of the names of data files.
var UUIDs = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// Number makes a normaliser for one trace that replaces what matches by <1>,
// <2> and so on: the same match by the same number, in the order in which they
// first occur.
func Number(random *regexp.Regexp) func(path string) string {
	numbers := map[string]string{}
	return func(path string) string {
		return random.ReplaceAllStringFunc(path, func(match string) string {
			if _, ok := numbers[match]; !ok {
				numbers[match] = fmt.Sprintf("<%d>", len(numbers)+1)
			}
			return numbers[match]
		})
	}
}
