"""What happened: refusals in CloudTrail, access logs, findings of Access Analyzer and Macie."""
