locals {
  balancers = var.load_balancers == null ? {} : { for role, balancer in {
    primary = var.load_balancers.primary, secondary = var.load_balancers.secondary
  } : role => balancer if balancer != null }
  failover = length(local.balancers) == 2
  records = { for pair in setproduct(var.hosts, keys(local.balancers)) : "${pair[0] == "" ? "@" : pair[0]}/${pair[1]}" => {
    name = trimprefix("${pair[0]}.${var.domain}", "."), role = pair[1]
  } }
}

resource "aws_route53_zone" "this" {
  name    = var.domain
  comment = "Managed by Terraform: ${var.name}"
  tags    = var.tags
}

# By TCP: the edge speaks TLS 1.3 alone, Route 53's checkers at most 1.2, and the load balancer's name is no host of the edge.
# Whether anything behind the balancer is healthy is told by evaluate_target_health below.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
resource "aws_route53_health_check" "primary" {
  count = local.failover ? 1 : 0

  fqdn              = var.load_balancers.primary.name
  type              = "TCP"
  port              = 443
  request_interval  = 10
  failure_threshold = 3
  measure_latency   = true
  tags              = merge(var.tags, { Name = "${var.name}-primary" })
}

# An alias record lives 60 seconds: that long after three failed checks everybody is in the second region.
resource "aws_route53_record" "this" {
  for_each = local.records

  zone_id         = aws_route53_zone.this.zone_id
  name            = each.value.name
  type            = "A"
  set_identifier  = local.failover ? each.value.role : null
  health_check_id = local.failover && each.value.role == "primary" ? aws_route53_health_check.primary[0].id : null

  alias {
    name                   = local.balancers[each.value.role].name
    zone_id                = local.balancers[each.value.role].zone_id
    evaluate_target_health = true
  }

  dynamic "failover_routing_policy" {
    for_each = local.failover ? [upper(each.value.role)] : []

    content {
      type = failover_routing_policy.value
    }
  }
}

# Only Let's Encrypt may issue certificates for the domain.
resource "aws_route53_record" "caa" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"letsencrypt.org\"", "0 issuewild \"letsencrypt.org\""]
}

resource "aws_cloudwatch_log_group" "queries" {
  count = var.query_log == null ? 0 : 1

  name              = "/aws/route53/${var.domain}"
  retention_in_days = var.query_log.retention_days
  kms_key_id        = var.query_log.key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "queries" {
  count = var.query_log == null ? 0 : 1

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.queries[0].arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["route53.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "queries" {
  count = var.query_log == null ? 0 : 1

  policy_name     = "${var.name}-route53"
  policy_document = data.aws_iam_policy_document.queries[0].json
}

resource "aws_route53_query_log" "this" {
  count = var.query_log == null ? 0 : 1

  zone_id                  = aws_route53_zone.this.zone_id
  cloudwatch_log_group_arn = aws_cloudwatch_log_group.queries[0].arn

  depends_on = [aws_cloudwatch_log_resource_policy.queries]
}
