package rows

import (
	"fmt"
	"strings"
)

const (
	wideTable   = "wide"
	wideColumns = 300
	wideFixed   = 7 // Id, two Sink columns, versionnumber, createdon, modifiedon, IsDelete
)

// wideShape is a table of 300 columns of all types, of which three in ten are
// filled: what customers make of a table over the years.
func wideShape() string {
	kinds := []struct{ dataType, fill string }{
		{"string:200", "~sentence(24)"}, {"int64", "~int(-9,100000)"}, {"decimal(38,6)", "~dec(-5000,5000,6)"},
		{"boolean", "~bool(50)"}, {"dateTime", "date(10,400)"}, {"guid", "sub(7)"}, {"string:50", "~word(job)"},
	}
	var b strings.Builder
	b.WriteString("@display topic\nguid Id=id\ndateTime SinkCreatedOn=sink SinkModifiedOn=sink\n")
	for i := range wideColumns - wideFixed {
		k := kinds[i%len(kinds)]
		dataType, length, sized := strings.Cut(k.dataType, ":")
		fmt.Fprintf(&b, "%s con_field%03d", dataType, i+1)
		if sized {
			b.WriteString(":" + length)
		}
		if i%10 < 3 {
			b.WriteString("=" + k.fill)
		}
		b.WriteByte('\n')
	}
	b.WriteString("int64 versionnumber=version\ndateTimeOffset createdon=createdon\n")
	b.WriteString("dateTime modifiedon=modifiedon\nboolean IsDelete\n")
	return b.String()
}
