//go:build unix

package interop

import (
	"os"
	"syscall"
)

// ownGroup puts the worker and the JVM that it starts into one process group.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends all processes of the group; that it is gone already is fine.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
