"""What a stack is made of, as frozen, validated descriptions.

Settings are composed of specs, and components take them: so a value is named, documented and checked once.
A spec knows nothing of Pulumi, of AWS's API or of where its values come from.
"""
