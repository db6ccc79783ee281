package main

import (
	"os"
	"syscall"
)

// peakBytes is the largest resident size of the process, or of one that it waited
// for.
func peakBytes(s *os.ProcessState) int64 {
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// settleDisk writes out what the command before has left in the caches.
func settleDisk() { syscall.Sync() }
