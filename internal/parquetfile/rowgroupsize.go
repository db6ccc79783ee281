package parquetfile

// RowGroupBytes is about what the values of row group i take in memory.
func (f *File) RowGroupBytes(i int) int64 { return f.groups[i].TotalByteSize() }
