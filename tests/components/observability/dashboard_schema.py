"""The structure of a dashboard's body as a JSON schema, part by part after CloudWatch's documentation.

Strict: what a part of the page does not list is refused. Widgets of types that no dashboard here has (`log`,
`explorer`) and dashboard variables are left out, and so refused.
docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
BOOLEAN = {"type": "boolean"}
COLOUR = {"type": "string", "pattern": "^#[0-9a-f]{3}([0-9a-f]{3})?$"}
SIDE = {"enum": ["left", "right"]}


def fields(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


STAT = {"type": "string", "pattern": r"^(SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d{1,2})?)$"}
PERIOD = {"type": "integer", "minimum": 60, "multipleOf": 60}

# #CloudWatch-Dashboard-Properties-Rendering-Object-Format, and the fields of
# #CloudWatch-Dashboard-Properties-Metrics-Array-Format that stand among them
DRAWN: dict[str, Any] = {
    "accountId": TEXT,
    "color": COLOUR,
    "id": {"type": "string", "pattern": "^[a-z][A-Za-z0-9_]*$"},
    "label": TEXT,
    "period": PERIOD,
    "region": TEXT,
    "stat": STAT,
    "visible": BOOLEAN,
    "yAxis": SIDE,
}
# #CloudWatch-Dashboard-Properties-Metrics-Array-Format: namespace, name, up to thirty dimensions with their values
# (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension), then how it is drawn.
# JSON schema cannot say "texts, and an object at the end": the tests look at the order.
METRIC = {"type": "array", "minItems": 2, "maxItems": 63, "items": {"anyOf": [TEXT, fields([], **DRAWN)]}}
EXPRESSION = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": fields(["expression"], expression={"type": "string", "maxLength": 2048}, **DRAWN),
}

# #CloudWatch-Dashboard-Properties-Annotation-Format
LEVEL = fields(
    ["value"],
    value=NUMBER,
    label=TEXT,
    color=COLOUR,
    fill={"enum": ["above", "below", "none"]},
    visible=BOOLEAN,
    yAxis=SIDE,
)
MOMENT = fields(
    ["value"],
    value={"type": "string", "format": "date-time"},
    label=TEXT,
    color=COLOUR,
    fill={"enum": ["before", "after", "none"]},
    visible=BOOLEAN,
)
BAND = {"type": "array", "minItems": 2, "maxItems": 2}
ANNOTATIONS = {
    "oneOf": [
        fields(["alarms"], alarms={"type": "array", "items": TEXT, "maxItems": 1}),
        {
            **fields(
                [],
                horizontal={"type": "array", "items": {"anyOf": [LEVEL, {**BAND, "items": LEVEL}]}},
                vertical={"type": "array", "items": {"anyOf": [MOMENT, {**BAND, "items": MOMENT}]}},
            ),
            "minProperties": 1,
        },
    ]
}

# #CloudWatch-Dashboard-Properties-YAxis-Properties-Format
AXIS = fields([], label=TEXT, min=NUMBER, max=NUMBER, showUnits=BOOLEAN)

# #CloudWatch-Dashboard-Properties-Table
TABLE = fields(
    [],
    layout={"enum": ["vertical", "horizontal"]},
    stickySummary=BOOLEAN,
    showTimeSeriesData=BOOLEAN,
    summaryColumns={"type": "array", "items": {"enum": ["MIN", "MAX", "SUM", "AVG"]}},
)

# #CloudWatch-Dashboard-Properties-Metric-Widget-Object
METRIC_WIDGET = {
    **fields(
        ["region"],
        accountId=TEXT,
        annotations=ANNOTATIONS,
        liveData=BOOLEAN,
        legend=fields([], position={"enum": ["right", "bottom", "hidden"]}),
        metrics={"type": "array", "maxItems": 500, "items": {"anyOf": [METRIC, EXPRESSION]}},
        period=PERIOD,
        region={"type": "string", "pattern": "^[a-z]{2}(-[a-z]+)+-[0-9]$"},
        sparkline=BOOLEAN,
        stacked=BOOLEAN,
        stat=STAT,
        table=TABLE,
        timezone={"type": "string", "pattern": r"^[+-]\d{4}$"},
        title=TEXT,
        view={"enum": ["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]},
        yAxis=fields([], left=AXIS, right=AXIS),
    ),
    "anyOf": [{"required": ["metrics"]}, {"required": ["annotations"]}],
}

# #CloudWatch-Dashboard-Properties-Text-Widget-Object
TEXT_WIDGET = fields(["markdown"], markdown=TEXT, background={"enum": ["transparent", "solid"]})

# #CloudWatch-Dashboard-Properties-Alarm-Widget-Object
ALARM_WIDGET = fields(
    ["alarms"],
    alarms={
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": {"type": "string", "pattern": r"^arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$"},
    },
    sortBy={"enum": ["default", "stateUpdatedTimestamp", "timestamp"]},
    states={"type": "array", "items": {"enum": ["ALARM", "INSUFFICIENT_DATA", "OK"]}},
    title=TEXT,
)


def _widget(type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    """#CloudWatch-Dashboard-Properties-Widgets-Structure"""
    return {
        **fields(
            ["type", "properties"],
            type={"const": type_},
            x={"type": "integer", "minimum": 0, "maximum": 23},
            y={"type": "integer", "minimum": 0},
            width={"type": "integer", "minimum": 1, "maximum": 24},
            height={"type": "integer", "minimum": 1, "maximum": 1000},
            properties=properties,
        ),
        "dependentRequired": {"x": ["y"], "y": ["x"]},
    }


WIDGETS = {"metric": METRIC_WIDGET, "text": TEXT_WIDGET, "alarm": ALARM_WIDGET}

# #Dashboard-Body-Overall-Structure
BODY: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **fields(
        ["widgets"],
        widgets={
            "type": "array",
            "maxItems": 500,
            "items": {"oneOf": [_widget(type_, properties) for type_, properties in WIDGETS.items()]},
        },
        start={"type": "string", "pattern": r"^(-PT\d+[MH]|-P\d+[DWM]|\d{4}-\d{2}-\d{2}T.*Z)$"},
        end={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T.*Z$"},
        periodOverride={"enum": ["auto", "inherit"]},
    ),
    "dependentRequired": {"end": ["start"]},
}
