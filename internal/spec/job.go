package spec

// JobSpec is a job: pipelines, and when they run.
type JobSpec struct {
	// Name that people see. The job's key, if absent.
	Name string `json:"name,omitempty"`
	// For people who read the configuration.
	Description string `json:"description,omitempty"`
	// When the job runs.
	Schedule *Schedule `json:"schedule,omitempty" ignore:"this version starts nothing on a schedule; start 'sluice run' from cron or another scheduler"`
	// What the job runs.
	Tasks []Task `json:"tasks,omitempty" jsonschema:"required"`
	// Labels of your choice.
	Tags map[string]string `json:"tags,omitempty"`

	// Starting on an event or at an interval.
	Trigger Foreign `json:"trigger,omitempty" ignore:"this version starts nothing by itself; start 'sluice run' from cron or another scheduler"`
	// Running without end.
	Continuous Foreign `json:"continuous,omitempty" ignore:"this version starts nothing by itself; start 'sluice run' from cron or another scheduler"`
	// Mail about runs.
	EmailNotifications Foreign `json:"email_notifications,omitempty" ignore:"Sluice sends no mail; watch the exit code of 'sluice run'"`
	// Calls to other systems about runs.
	WebhookNotifications Foreign `json:"webhook_notifications,omitempty" ignore:"Sluice calls no webhooks; watch the exit code of 'sluice run'"`
	// When to notify.
	NotificationSettings Foreign `json:"notification_settings,omitempty" ignore:"Sluice sends no notifications"`
	// Most runs at the same time.
	MaxConcurrentRuns Foreign `json:"max_concurrent_runs,omitempty" ignore:"a pipeline never runs twice at the same time"`
	// Waiting for other runs.
	Queue Foreign `json:"queue,omitempty" ignore:"a pipeline never runs twice at the same time"`
	// Longest time of a run.
	TimeoutSeconds Foreign `json:"timeout_seconds,omitempty" ignore:"a run has no time limit"`
	// Clusters that tasks share.
	JobClusters Foreign `json:"job_clusters,omitempty" ignore:"Sluice has no clusters"`
	// Environments of tasks.
	Environments Foreign `json:"environments,omitempty" ignore:"Sluice runs no code of yours"`
	// Values for tasks.
	Parameters Foreign `json:"parameters,omitempty" ignore:"pipelines take no parameters"`
	// Who may see and manage the job.
	Permissions Foreign `json:"permissions,omitempty" ignore:"Sluice has no permissions in its configuration"`
	// Who the job runs as.
	RunAs Foreign `json:"run_as,omitempty" ignore:"Sluice runs as the user who starts it"`
}

// Schedule is a time table.
type Schedule struct {
	// Quartz cron expression with six or seven fields, seconds first: "0 0 2 * * ?" is every night at two.
	QuartzCronExpression string `json:"quartz_cron_expression,omitempty" jsonschema:"required"`
	// Time zone of the expression, such as UTC or Europe/Berlin.
	TimezoneID string `json:"timezone_id,omitempty" jsonschema:"required"`
	// Whether the schedule is in force.
	PauseStatus PauseStatus `json:"pause_status,omitempty" jsonschema:"enum=UNPAUSED,enum=PAUSED"`
}

// PauseStatus says whether a schedule is in force.
type PauseStatus string

// The values of pause_status.
const (
	Unpaused PauseStatus = "UNPAUSED"
	Paused   PauseStatus = "PAUSED"
)

// Task is one step of a job.
type Task struct {
	// Name of the step, unique in its job.
	TaskKey string `json:"task_key,omitempty" jsonschema:"required"`
	// The pipeline that the step runs.
	PipelineTask *PipelineTask `json:"pipeline_task,omitempty" jsonschema:"required"`

	// Steps that come before this one.
	DependsOn Foreign `json:"depends_on,omitempty" refuse:"the steps of a job have no order; make one job for each step"`
	// Longest time of the step.
	TimeoutSeconds Foreign `json:"timeout_seconds,omitempty" ignore:"a run has no time limit"`
	// How often a failed step is tried again.
	MaxRetries Foreign `json:"max_retries,omitempty" ignore:"the next run continues where the last one stopped"`
	// When the step runs.
	RunIf Foreign `json:"run_if,omitempty" ignore:"the steps of a job do not depend on each other"`
	// Mail about the step.
	EmailNotifications Foreign `json:"email_notifications,omitempty" ignore:"Sluice sends no mail; watch the exit code of 'sluice run'"`
}

// PipelineTask runs a pipeline.
type PipelineTask struct {
	// The pipeline: "${resources.pipelines.KEY.id}", or an id.
	PipelineID string `json:"pipeline_id,omitempty" jsonschema:"required" reference:"pipeline"`
	// Read everything again.
	FullRefresh bool `json:"full_refresh,omitempty"`
	// Tables to read again from the start.
	FullRefreshSelection []string `json:"full_refresh_selection,omitempty"`
	// Tables to run; all, if absent.
	RefreshSelection []string `json:"refresh_selection,omitempty"`
}
