package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMeasureTellsWhatAProcessCosts(t *testing.T) {
	self, err := os.Executable()
	need(t, err)
	c, err := measure(t.Context(), self, sayArgument, `{"apply_seconds": 1.5}`, "0")
	need(t, err)
	if c.Wall <= 0 || c.CPU <= 0 || c.Apply != 1500*time.Millisecond {
		t.Errorf("%+v", c)
	}
}

func TestMeasureSaysWhyAProcessFailed(t *testing.T) {
	self, err := os.Executable()
	need(t, err)
	for name, command := range map[string][]string{
		"exit status 4: SomeError: it is broken": {self, sayArgument, "it is broken", "4"},
		"no such file":                           {self + "-is-not-there", "x"},
	} {
		if _, err := measure(t.Context(), command...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: the error is %v", name, err)
		}
	}
}

func TestMedianIsOfEachFigure(t *testing.T) {
	got := median([]cost{
		{Wall: 3, CPU: 1, Apply: 2, Peak: 10, Written: 7},
		{Wall: 1, CPU: 2, Apply: 1, Peak: 30, Written: 9},
		{Wall: 2, CPU: 3, Apply: 3, Peak: 20, Written: 8},
	})
	if want := (cost{Wall: 2, CPU: 2, Apply: 2, Peak: 30, Written: 8}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestNewBytes(t *testing.T) {
	old, changed := version{10, time.Unix(1, 0)}, version{10, time.Unix(2, 0)}
	before := map[string]version{"kept": old, "replaced": old, "gone": old}
	after := map[string]version{"kept": old, "replaced": changed, "added": {5, time.Unix(2, 0)}}
	if got := newBytes(before, after); got != 15 {
		t.Errorf("%d, want those of the replaced and the added file: 15", got)
	}
}
