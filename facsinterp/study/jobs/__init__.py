"""Work of a study that falls apart: jobs that anybody may do, each done once and kept."""
