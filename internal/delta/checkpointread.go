package delta

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/sluicedata/sluice/internal/storage"
)

const sidecarFolder = "_sidecars"

// readCheckpoint applies the files of a checkpoint and then those that a V2
// checkpoint names.
func readCheckpoint(ctx context.Context, store storage.Store, root string, files []logFile, r *replay) error {
	if len(files) == 0 {
		return nil
	}
	fail := func(name string, err error) error {
		return &LogError{Table: store.URL(root), Version: files[0].version, File: name, Err: err}
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = logPath(root, f.name)
	}
	err := readAhead(ctx, store, paths, func(i int, data []byte) error {
		if err := applyCheckpointFile(ctx, data, files[i].kind == checkpointJSON, r); err != nil {
			return fail(files[i].name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if paths, err = sidecarPaths(store, root, r.sidecars); err != nil {
		return fail(files[0].name, err)
	}
	return readAhead(ctx, store, paths, func(i int, data []byte) error {
		if err := applyParquet(ctx, data, r.apply); err != nil {
			return fail(r.sidecars[i], err)
		}
		return nil
	})
}

func applyCheckpointFile(ctx context.Context, data []byte, isJSON bool, r *replay) error {
	if isJSON {
		return readLines(bytes.NewReader(data), r.apply)
	}
	return applyParquet(ctx, data, r.apply)
}

// sidecarPaths finds sidecars in their folder, unless they are named absolutely.
func sidecarPaths(store storage.Store, root string, names []string) ([]string, error) {
	paths := make([]string, len(names))
	for i, name := range names {
		file, err := DecodePath(name)
		if err != nil {
			return nil, err
		}
		if !isAbsolute(file) {
			name = logFolder + "/" + sidecarFolder + "/" + name
		}
		if paths[i], err = resolve(store, root, name); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// applyParquet hands over the actions of a checkpoint file. The reader of
// Parquet panics on some damaged pages; to a caller that is a damaged file.
func applyParquet(ctx context.Context, data []byte, apply func(*Action) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: parquet: %v", ErrCorrupt, p)
		}
	}()
	in, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	defer in.Close()
	reader, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{BatchSize: 4096}, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	records, err := reader.GetRecordReader(ctx, actionColumns(in), nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	defer records.Release()
	for records.Next() {
		if err := applyRecord(records.RecordBatch(), apply); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return ctx.Err()
}

// actionColumns leaves out what is not read. The parsed twins of stats and
// partition values can make up most of a checkpoint.
func actionColumns(in *file.Reader) []int {
	top := []string{"txn", "add", "remove", "metaData", "protocol", "domainMetadata", "sidecar"}
	skipped := []string{"stats_parsed", "partitionValues_parsed"}
	columns := []int{}
	schema := in.MetaData().Schema
	for i := range schema.NumColumns() {
		path := schema.Column(i).ColumnPath()
		if len(path) > 1 && slices.Contains(top, path[0]) && !slices.Contains(skipped, path[1]) {
			columns = append(columns, i)
		}
	}
	return columns
}

func applyRecord(rec arrow.RecordBatch, apply func(*Action) error) error {
	for i, column := range rec.Columns() {
		name := rec.ColumnName(i)
		structs, ok := column.(*array.Struct)
		if !ok {
			return fmt.Errorf("%w: column %s is %s, not a struct", ErrCorrupt, name, column.DataType())
		}
		for row := range structs.Len() {
			if structs.IsNull(row) {
				continue
			}
			a, err := readAction(name, structs, row)
			if err != nil {
				return err
			}
			if a == nil {
				continue
			}
			if err := a.check(); err != nil {
				return err
			}
			if err := apply(a); err != nil {
				return err
			}
		}
	}
	return nil
}

func readAction(column string, structs *array.Struct, row int) (*Action, error) {
	c := cells{structs: structs, row: row, name: column, bad: new(error)}
	a := &Action{}
	switch column {
	case "txn":
		a.Txn = &Txn{AppID: c.text("appId"), Version: c.long("version"), LastUpdated: c.optionalLong("lastUpdated")}
	case "add":
		a.Add = readAdd(c)
	case "remove":
		a.Remove = readRemove(c)
	case "metaData":
		a.Metadata = readMetadata(c)
	case "protocol":
		a.Protocol = readProtocol(c)
	case "domainMetadata":
		a.Domain = &DomainMetadata{Domain: c.text("domain"), Configuration: c.text("configuration"), Removed: c.boolean("removed")}
	case "sidecar":
		a.Sidecar = &sidecar{Path: c.text("path")}
	}
	return a, *c.bad
}

func readAdd(c cells) *Add {
	a := &Add{
		Path:                    c.text("path"),
		PartitionValues:         c.texts("partitionValues"),
		Size:                    c.long("size"),
		ModificationTime:        c.long("modificationTime"),
		DataChange:              c.boolean("dataChange"),
		Stats:                   c.text("stats"),
		Tags:                    c.texts("tags"),
		DeletionVector:          readDescriptor(c),
		BaseRowID:               c.optionalLong("baseRowId"),
		DefaultRowCommitVersion: c.optionalLong("defaultRowCommitVersion"),
	}
	if provider := c.text("clusteringProvider"); provider != "" {
		a.ClusteringProvider = &provider
	}
	return a
}

func readRemove(c cells) *Remove {
	return &Remove{
		Path:                    c.text("path"),
		DeletionTimestamp:       c.long("deletionTimestamp"),
		DataChange:              c.boolean("dataChange"),
		ExtendedFileMetadata:    c.boolean("extendedFileMetadata"),
		PartitionValues:         c.texts("partitionValues"),
		Size:                    c.long("size"),
		Stats:                   c.text("stats"),
		Tags:                    c.texts("tags"),
		DeletionVector:          readDescriptor(c),
		BaseRowID:               c.optionalLong("baseRowId"),
		DefaultRowCommitVersion: c.optionalLong("defaultRowCommitVersion"),
	}
}

// readDescriptor takes a struct of nulls for none, as some writers store it.
func readDescriptor(c cells) *DeletionVector {
	v, ok := c.child("deletionVector")
	if !ok || v.text("storageType") == "" {
		return nil
	}
	return &DeletionVector{
		StorageType:    v.text("storageType"),
		PathOrInlineDV: v.text("pathOrInlineDv"),
		Offset:         v.optionalInt("offset"),
		SizeInBytes:    v.integer("sizeInBytes"),
		Cardinality:    v.long("cardinality"),
		MaxRowIndex:    v.optionalLong("maxRowIndex"),
	}
}

func readMetadata(c cells) *Metadata {
	m := &Metadata{
		ID:               c.text("id"),
		Name:             c.text("name"),
		Description:      c.text("description"),
		SchemaString:     c.text("schemaString"),
		PartitionColumns: c.list("partitionColumns"),
		Configuration:    plain(c.texts("configuration")),
		CreatedTime:      c.optionalLong("createdTime"),
	}
	if f, ok := c.child("format"); ok {
		m.Format = Format{Provider: f.text("provider"), Options: plain(f.texts("options"))}
	}
	return m
}

func readProtocol(c cells) *Protocol {
	return &Protocol{
		MinReaderVersion: c.integer("minReaderVersion"),
		MinWriterVersion: c.integer("minWriterVersion"),
		ReaderFeatures:   c.list("readerFeatures"),
		WriterFeatures:   c.list("writerFeatures"),
	}
}
