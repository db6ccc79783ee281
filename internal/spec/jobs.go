package spec

import (
	"fmt"
	"strings"
)

func (r *resolver) jobs() {
	for _, key := range sorted(r.cfg.Resources.Jobs) {
		job, at := r.cfg.Resources.Jobs[key], join("resources.jobs", key)
		if job.Schedule != nil {
			r.schedule(join(at, "schedule"), *job.Schedule)
		}
		taken := map[string]bool{}
		for i, task := range job.Tasks {
			path := fmt.Sprintf("%s.tasks[%d]", at, i)
			if task.TaskKey != "" && taken[task.TaskKey] {
				r.errorf(join(path, "task_key"), fmt.Sprintf("%q is the key of another task of the job", task.TaskKey), "give each task a key of its own")
			}
			taken[task.TaskKey] = true
			if task.PipelineTask != nil {
				r.pipelineTask(join(path, "pipeline_task"), *task.PipelineTask)
			}
		}
	}
}

func (r *resolver) pipelineTask(at string, t PipelineTask) {
	m := pipelineID.FindStringSubmatch(t.PipelineID)
	if m == nil {
		return // the id of a pipeline that was made through the API
	}
	if r.cfg.Resources.Pipelines[m[1]] != nil {
		return
	}
	hint := didYouMean(m[1], sorted(r.cfg.Resources.Pipelines))
	r.errorf(join(at, "pipeline_id"), fmt.Sprintf("there is no pipeline %q in this file", m[1]), hint)
}

func (r *resolver) schedule(at string, s Schedule) {
	n := len(strings.Fields(s.QuartzCronExpression))
	if n != 0 && n != 6 && n != 7 {
		hint := ""
		if n == 5 {
			hint = "a Quartz expression begins with seconds: put '0 ' before it, and '?' for the day that does not matter"
		}
		r.errorf(join(at, "quartz_cron_expression"), fmt.Sprintf("has %d fields, not 6 or 7", n), hint)
	}
}

// PipelineKey is the key of the pipeline that a task refers to, or empty where
// it names an id.
func (t PipelineTask) PipelineKey() string {
	if m := pipelineID.FindStringSubmatch(t.PipelineID); m != nil {
		return m[1]
	}
	return ""
}
