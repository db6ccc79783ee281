package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// families are metrics by name.
type families map[string]*dto.MetricFamily

// WriteFile writes the metrics in the form that node_exporter's textfile
// collector reads, in one step. What the file has from earlier runs goes on: its
// counters and histograms are added, and what this process had nothing to tell of
// stays, such as tables that were not part of the run.
//
// A file that cannot be understood is replaced, and its counters begin anew; the
// error says so.
func (m *Metrics) WriteFile(path string) error {
	before, damage := readTextfile(path)
	joined := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		now, err := m.registry.Gather()
		return continued(before, now), err
	})
	if err := prometheus.WriteToTextfile(path, joined); err != nil {
		return fmt.Errorf("write the metrics to %s: %w", path, err)
	}
	return damage
}

func readTextfile(path string) (families, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the metrics of earlier runs: %w; their counters begin anew", err)
	}
	defer f.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	found, err := parser.TextToMetricFamilies(f)
	if err != nil {
		return nil, fmt.Errorf("read the metrics of earlier runs in %s: %w; their counters begin anew", path, err)
	}
	return found, nil
}

// continued are the metrics of now with those of before.
func continued(before families, now []*dto.MetricFamily) []*dto.MetricFamily {
	all := families{}
	for name, family := range before {
		if strings.HasPrefix(name, namespace+"_") && isAboutPipelines(family) {
			all[name] = family
		}
	}
	for _, family := range now {
		name := family.GetName()
		if old := all[name]; old != nil && old.GetType() == family.GetType() {
			family.Metric = continuedSeries(old.GetMetric(), family.GetMetric())
		}
		all[name] = family
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// isAboutPipelines tells the families that go on from those that are about the
// process.
func isAboutPipelines(f *dto.MetricFamily) bool {
	return slices.ContainsFunc(f.GetMetric(), func(m *dto.Metric) bool {
		return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == labelPipeline })
	})
}

func continuedSeries(before, now []*dto.Metric) []*dto.Metric {
	all := map[string]*dto.Metric{}
	for _, m := range before {
		all[labelsOf(m)] = m
	}
	for _, m := range now {
		labels := labelsOf(m)
		if old := all[labels]; old != nil {
			addTo(m, old)
		}
		all[labels] = m
	}
	keys := slices.Sorted(maps.Keys(all))
	list := make([]*dto.Metric, len(keys))
	for i, k := range keys {
		list[i] = all[k]
	}
	return list
}

// labelsOf are the labels of a series as a text that sorts as they do.
func labelsOf(m *dto.Metric) string {
	pairs := make([]string, 0, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		pairs = append(pairs, l.GetName()+"\x00"+l.GetValue())
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\x01")
}

// addTo adds what was counted before. Gauges stay what they are now.
func addTo(now, before *dto.Metric) {
	if c := now.GetCounter(); c != nil {
		sum := c.GetValue() + before.GetCounter().GetValue()
		c.Value = &sum
	}
	if h := now.GetHistogram(); h != nil {
		addHistogram(h, before.GetHistogram())
	}
}

// addHistogram adds one that has the same buckets; another cannot be added.
func addHistogram(now, before *dto.Histogram) {
	counts := map[float64]uint64{}
	for _, b := range before.GetBucket() {
		counts[b.GetUpperBound()] = b.GetCumulativeCount()
	}
	for _, b := range now.GetBucket() {
		if _, ok := counts[b.GetUpperBound()]; !ok {
			return
		}
	}
	for _, b := range now.GetBucket() {
		n := b.GetCumulativeCount() + counts[b.GetUpperBound()]
		b.CumulativeCount = &n
	}
	count, sum := now.GetSampleCount()+before.GetSampleCount(), now.GetSampleSum()+before.GetSampleSum()
	now.SampleCount, now.SampleSum = &count, &sum
}
