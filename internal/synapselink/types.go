package synapselink

import (
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
)

// maxPrecision is the most digits that a decimal has, here and in Delta.
const maxPrecision = 38

// unshaped is the type of a decimal without a trait that tells its shape: none
// was ever seen, so it is Spark's widest usual one, which keeps every money and
// decimal of Dataverse exact. A value that it cannot hold is an error.
var unshaped = batch.Type{Kind: batch.Decimal, Precision: maxPrecision, Scale: 18}

// ColumnType is the type of a column for the attribute. What is not known is
// kept as the text that was exported; time and binary have no other form.
func (a Attribute) ColumnType() batch.Type {
	switch strings.ToLower(a.Type) {
	case "int64", "int32":
		return batch.Type{Kind: batch.Long}
	case "boolean":
		return batch.Type{Kind: batch.Boolean}
	case "double", "float":
		return batch.Type{Kind: batch.Double}
	case "datetime", "datetimeoffset":
		return batch.Type{Kind: batch.Timestamp}
	case "date":
		return batch.Type{Kind: batch.Date}
	case "decimal":
		if a.Precision == 0 {
			return unshaped
		}
		return batch.Type{Kind: batch.Decimal, Precision: a.Precision, Scale: a.Scale}
	}
	return batch.Type{Kind: batch.String}
}

func (a Attribute) isGUID() bool { return strings.EqualFold(a.Type, "guid") }

// fits reports whether a column of the target can take every value of the
// attribute: dateTime and dateTimeOffset are one type, strings have no length,
// a decimal fits where it has room on both sides of the point. A decimal
// without shape is judged value by value.
func (a Attribute) fits(target batch.Type) bool {
	source := a.ColumnType()
	switch {
	case source == target:
		return true
	case target.Kind == batch.Integer:
		return strings.EqualFold(a.Type, "int32")
	case source.Kind == batch.Decimal && target.Kind == batch.Decimal:
		return a.Precision == 0 ||
			source.Scale <= target.Scale && source.Precision-source.Scale <= target.Precision-target.Scale
	}
	return false
}
