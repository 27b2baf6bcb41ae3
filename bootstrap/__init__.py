"""What an AWS account needs before its first stack; a Pulumi project of its own, applied by a person."""
