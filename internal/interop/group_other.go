//go:build !unix

package interop

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends the worker; the JVM ends when the pipe to it does.
func killGroup(p *os.Process) { _ = p.Kill() }
