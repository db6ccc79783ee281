package storage

import "errors"

// NewError makes the [*Error] of an operation on a path as a user would find
// it. An error that carries its operation and path already stays as it is, so
// that a text never names them twice; no error stays none.
func NewError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*Error](err); known {
		return err
	}
	return &Error{Op: op, Path: path, Err: err}
}
