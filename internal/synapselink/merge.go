package synapselink

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
)

// Merged is a target's schema after a folder's schema was taken in.
type Merged struct {
	Schema batch.Schema
	// Added columns, which are the last of Schema.
	Added []batch.Field
	// Missing columns are the target's and not (any more) the source's: null
	// from now on.
	Missing []string
}

// MergeSchema adds the wanted columns that the target does not have, in the
// order of the manifest, behind those that it has. Nothing is ever removed or
// retyped. A nil target is a new table. SCD type 2's own columns are not to be
// part of the target.
func MergeSchema(target batch.Schema, entity Entity, selection Selection) (Merged, error) {
	if err := checkTable(entity, selection); err != nil {
		return Merged{}, tableProblem("merge the schema of", entity.Name, err)
	}
	if err := selection.check(); err != nil {
		return Merged{}, tableProblem("merge the schema of", entity.Name, err)
	}
	m := Merged{Schema: append(batch.Schema(nil), target...)}
	columns := columnsByName(target)
	for _, a := range entity.Attributes {
		if !selection.keeps(a.Name) {
			continue
		}
		if i, ok := columns[strings.ToLower(a.Name)]; ok {
			if err := checkType(a, target[i]); err != nil {
				return Merged{}, tableProblem("merge the schema of", entity.Name, err)
			}
			continue
		}
		m.Added = append(m.Added, batch.Field{Name: a.Name, Type: a.ColumnType()})
	}
	m.Schema = append(m.Schema, m.Added...)
	for _, f := range target {
		if entity.Index(f.Name) < 0 && !reserved(f.Name) {
			m.Missing = append(m.Missing, f.Name)
		}
	}
	return m, nil
}

// checkTable finds what makes a table unusable whatever its target.
func checkTable(entity Entity, selection Selection) error {
	if err := entity.check(); err != nil {
		return err
	}
	switch version := entity.Index(columnVersion); {
	case entity.Index(columnID) < 0:
		return ErrNoKey
	case version < 0:
		return ErrNoSequence
	case entity.Attributes[version].ColumnType().Kind != batch.Long:
		return fmt.Errorf("%w that is an int64: it is %s", ErrNoSequence, entity.Attributes[version].Type)
	}
	return selection.checkReserved(entity)
}

func checkType(a Attribute, column batch.Field) error {
	if a.fits(column.Type) {
		return nil
	}
	return fmt.Errorf("%w: column %s is %s in the table and %s (%s) at the source",
		ErrTypeChanged, column.Name, column.Type, a.ColumnType(), a.Type)
}

func columnsByName(schema batch.Schema) map[string]int {
	columns := make(map[string]int, len(schema))
	for i, f := range schema {
		columns[strings.ToLower(f.Name)] = i
	}
	return columns
}

// tableProblem adds the table and what to do about it.
func tableProblem(op, table string, err error) error {
	e := &TableError{Op: op, Table: table, Err: err}
	switch {
	case errors.Is(err, ErrTypeChanged):
		e.Hint = "to take the new type: " + fullRefresh(table)
	case errors.Is(err, ErrNoKey), errors.Is(err, ErrAttributes):
		e.Hint = "re-export the table: remove it from the Synapse Link profile and add it again, then " + fullRefresh(table)
	case errors.Is(err, ErrNoSequence):
		e.Hint = "needs a full refresh or re-export with versionnumber: enable change tracking (row version) for the table, " +
			"remove it from the Synapse Link profile and add it again, then " + fullRefresh(table)
	case errors.Is(err, ErrReservedColumn):
		e.Hint = "name it in exclude_columns or use scd_type: SCD_TYPE_1"
	case errors.Is(err, ErrSelection):
		e.Hint = "correct table_configuration"
	}
	return e
}
