"""What refuses a call though every policy allows it: settings of bucket, object and account."""
