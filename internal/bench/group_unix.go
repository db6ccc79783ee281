//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// inGroup lets the end of the context end all that the command has started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
