package parquetfile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/sluicedata/sluice/internal/batch"
)

// scanRows is how many rows of a string column are given to a scan at once.
const scanRows = 4 << 10

// ScanStrings runs over a string column of row group i without copying it. fn
// gets the number of the first row, the values that are not null and the
// definition levels of the rows; all of it is overwritten after fn returns.
// Its error ends the scan and is returned as it is.
func (f *File) ScanStrings(i int, column string, fn func(firstRow int64, values [][]byte, def []int16) error) error {
	s, err := f.openColumns(i, batch.Schema{{Name: column, Type: batch.Type{Kind: batch.String}}})
	if err != nil {
		return err
	}
	defer s.close()
	scan := scanner{columnReader: s.cols[0], def: make([]int16, scanRows), values: make([]parquet.ByteArray, scanRows)}
	total := scan.left
	for scan.left > 0 {
		first := total - scan.left
		def, values, err := scan.next()
		if err != nil {
			return scan.fail(i, err)
		}
		if err := fn(first, byteSlices(values), def); err != nil {
			return err
		}
		scan.left -= int64(len(def))
	}
	return nil
}

type scanner struct {
	*columnReader
	def    []int16
	values []parquet.ByteArray
}

// next decodes rows of the current page only, so that values may point into it.
func (s *scanner) next() (def []int16, values []parquet.ByteArray, err error) {
	n := int(min(s.left, scanRows))
	def = s.def[:n]
	if s.chunk == nil {
		fillLevels(def, 0)
		return def, nil, nil
	}
	defer recovered(&err)
	rows, got, err := s.chunk.(*file.ByteArrayColumnChunkReader).ReadBatchInPage(int64(n), s.values, def, nil)
	if err != nil {
		return nil, nil, err
	}
	if rows <= 0 || rows > int64(n) {
		return nil, nil, fmt.Errorf("pages end %d rows early", s.left)
	}
	return def[:rows], s.values[:got], s.checkLevels(def[:rows], got)
}
