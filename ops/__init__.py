"""What runs against a live environment with boto3; it knows nothing of Pulumi's resources."""
