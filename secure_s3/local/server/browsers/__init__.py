"""What browsers send: forms under a POST policy, and requests of other origins."""
