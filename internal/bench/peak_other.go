//go:build !linux

package main

import "os"

// peakBytes is not told in the same unit everywhere.
func peakBytes(*os.ProcessState) int64 { return 0 }

// settleDisk does nothing where the standard library has no call for it.
func settleDisk() {}
