"""The tasks: their definition, their ECS services, their deployments, and the tasks that run once."""
