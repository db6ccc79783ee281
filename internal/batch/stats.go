package batch

// ColumnStats sums up the values of one column of a file.
type ColumnStats struct {
	NullCount int64
	// HasMinMax is false when there is no value, or a NaN, which engines
	// order differently.
	HasMinMax bool
	Min, Max  Value
}

// Value is one value, in the field that [Column] would keep it in.
type Value struct {
	Int    int64
	Double float64
	Bool   bool
	Wide   [16]byte
	// Bytes is the beginning of a string, as much as is kept of it; Cut says
	// that it goes on. Then a Min is a lower bound, but a Max must be raised to
	// become an upper one.
	Bytes []byte
	Cut   bool
}
