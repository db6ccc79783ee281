package main

import (
	"os"
	"syscall"
)

// peakBytes is the largest resident size of the process.
func peakBytes(s *os.ProcessState) int64 {
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
