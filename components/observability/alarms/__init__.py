"""What a stack is monitored for, as plain descriptions; `metric_alarm.py` makes CloudWatch alarms of them.

Missing data is a decision of each alarm:
- The load balancer reports no requests while nobody visits the site, and EventBridge no events while none match: no
  news is good news (`notBreaching`).
- A store that is being made or restored reports nothing, but nobody can say that it is well: the alarm shows
  INSUFFICIENT_DATA and sends no mail (`missing`).
- A healthy task and a scheduler that runs are reported all the time, so silence is what the alarm is there for
  (`breaching`). CloudWatch judges a new alarm at once, by the data that it has, so such alarms are made after the
  services run and their metric has a good value (`release/first_data.py`). Otherwise each new stack would begin with a
  notification: docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""
