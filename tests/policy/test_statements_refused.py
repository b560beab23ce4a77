"""What the builders refuse: whatever would make a statement that does nothing, or something else."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.statements.settings import SETTINGS
from secure_s3.policy.witnesses import APP, KEY, OWNER, USER, bucket_arn, witness

B = "amzn-s3-demo-bucket"
ADMIN_ROLE = f"arn:aws:iam::{OWNER}:role/Admin"
SESSION = f"arn:aws:sts::{OWNER}:assumed-role/Admin/me"
DISTRIBUTION = f"arn:aws:cloudfront::{OWNER}:distribution/EDFDVBD6EXAMPLE"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{OWNER}:trail/main"
SAMPLE = {
    "version": "1.2",
    "age": 900,
    "key_arns": KEY,
    "permission": "read",
    "admins": ADMIN_ROLE,
    "settings": "versioning",
    "endpoints": "vpce-1a2b3c4d",
    "ranges": "198.51.100.0/24",
    "no_endpoints": True,
    "organization": "o-a1b2c3d4e5",
    "days": 30,
    "mode": "COMPLIANCE",
    "principals": ADMIN_ROLE,
    "account": OWNER,
    "tag": "team",
    "distributions": DISTRIBUTION,
    "source_buckets": B,
    "region": "eu-west-1",
    "trails": TRAIL,
    "buckets": B,
    "bucket": B,
}
OPTIONAL = ("no_endpoints",)


def call(name, **changed):
    """A builder with arguments that do, but for those that are changed."""
    builder = getattr(make, name)
    parameters = inspect.signature(builder).parameters
    needed = {
        each: SAMPLE[each]
        for each, found in parameters.items()
        if found.default is inspect.Parameter.empty or each in OPTIONAL
    }
    needed.update({} if name != "only_vpc_endpoints" else {"endpoints": SAMPLE["endpoints"]})
    return builder(**{**needed, **changed})


def in_partition(name, partition):
    """The ARNs that a builder needs, as those of another partition."""
    return {
        each: SAMPLE[each].replace("arn:aws:", f"arn:{partition}:")
        for each, found in inspect.signature(getattr(make, name)).parameters.items()
        if found.default is inspect.Parameter.empty and str(SAMPLE[each]).startswith("arn:")
    }


def builders_with(parameter):
    """The builders that take this argument."""
    return [name for name in make.__all__ if parameter in inspect.signature(getattr(make, name)).parameters]


@pytest.mark.parametrize("name", make.__all__)
def test_every_builder_works_with_the_arguments_it_needs(name):
    """The arguments that the other tests here change one by one do as they are."""
    assert call(name).problems == ()


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        " amzn-s3-demo-bucket",
        "amzn-s3-demo-bucket\n",
        "amzn s3",
        "Bucket",
        "ab",
        "a..b",
        "192.0.2.1",
        "bucket/*",
        "buck*t",
        "s3://amzn-s3-demo-bucket",
        "arn:aws:s3:::amzn-s3-demo-bucket",
        "amzn-s3-demo-bucket--use1-az4--x-s3",
        "reports-abcdef1234567890-s3alias",
        "reports-abcdef1234567890--ol-s3",
        "reports-abcdef1234567890-ext-s3alias",
        "mfzwi23gnjvgw.mrap",
        "amzn-s3-demo-bucket--table-s3",
        "xn--bucket",
        "sthree-configurator",
        f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/*",
        f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports ",
        None,
        7,
        ["amzn-s3-demo-bucket"],
    ],
)
def test_a_bucket_is_a_name_without_white_space_and_wildcards(bucket):
    """What is no bucket's name makes no ARN that matches nothing, or too much."""
    for name in builders_with("bucket"):
        with pytest.raises(PolicyError):
            call(name, bucket=bucket)


def test_a_setting_of_a_bucket_is_none_of_an_access_point():
    """Builders about a bucket's settings refuse an access point."""
    for name in (
        "protect_bucket_policy",
        "deny_public_acls",
        "delegate_to_access_points",
        "allow_cloudfront",
    ):
        with pytest.raises(PolicyError, match="no name of a bucket"):
            call(name, bucket=f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports")


@pytest.mark.parametrize("sid", ["", "Deny HTTP", "Deny-Http", "Ärger", "a" * 101, 7, b"Deny", "Deny\n"])
def test_a_sid_has_letters_and_digits_only(sid):
    """A Sid that an identity's policy would refuse is refused everywhere."""
    for name in make.__all__:
        with pytest.raises(PolicyError, match="no Sid"):
            call(name, sid=sid)


@pytest.mark.parametrize("partition", ["", "aws ", "AWS", "azure", None, 1, "*"])
def test_a_partition_is_one_of_those_there_are(partition):
    """An unknown partition makes no ARNs."""
    for name in builders_with("partition"):
        with pytest.raises(PolicyError):
            call(name, partition=partition)


def test_a_partition_goes_into_every_arn():
    """In another partition all ARNs that a builder makes are of that partition."""
    for name in builders_with("partition"):
        resources = call(name, partition="aws-us-gov", **in_partition(name, "aws-us-gov")).resources
        assert all(each == "*" or each.startswith("arn:aws-us-gov:s3:::") for each in resources)
    assert make.cross_account_read(B, OWNER, partition="aws-cn").raw["Principal"] == {
        "AWS": f"arn:aws-cn:iam::{OWNER}:root"
    }


@pytest.mark.parametrize(
    ("parameter", "arn"),
    [
        ("admins", ADMIN_ROLE),
        ("except_principals", ADMIN_ROLE),
        ("principals", ADMIN_ROLE),
        ("principals", f"arn:aws:iam::{OWNER}:root"),
        ("key_arns", KEY),
        ("distributions", DISTRIBUTION),
        ("trails", TRAIL),
    ],
)
def test_an_arn_of_another_partition_is_refused(parameter, arn):
    """Nothing reaches from one partition into another: a Deny would spare nobody, an Allow let nobody in."""
    names = [name for name in builders_with(parameter) if name in builders_with("partition")]
    assert names
    for name in names:
        own = in_partition(name, "aws-cn")
        fits = arn.replace("arn:aws:", "arn:aws-cn:")
        assert call(name, partition="aws-cn", **{**own, parameter: fits}).problems == ()
        with pytest.raises(PolicyError, match="of the partition aws, and the statement of aws-cn"):
            call(name, partition="aws-cn", **{**own, parameter: (fits, arn)})
        with pytest.raises(PolicyError, match="of the partition aws-cn, and the statement of aws"):
            call(name, **{parameter: fits})


def test_an_access_point_is_of_the_partition_that_is_named():
    """The ARN of an access point tells its partition; another one beside it is refused."""
    point = f"arn:aws-cn:s3:cn-north-1:{OWNER}:accesspoint/reports"
    role = ADMIN_ROLE.replace("arn:aws:", "arn:aws-cn:")
    for keywords in ({}, {"partition": "aws-cn"}):
        assert make.deny_presigned(point, except_principals=role, **keywords).problems == ()
    with pytest.raises(PolicyError, match="partition"):
        make.deny_presigned(point, partition="aws-us-gov")
    with pytest.raises(PolicyError, match="partition"):
        make.deny_presigned(point, except_principals=ADMIN_ROLE)
    with pytest.raises(PolicyError, match="partition"):
        make.deny_presigned(point.replace("aws-cn", "aws-x"))


def test_distributions_for_a_key_are_of_one_partition():
    """The policy of a key is about one partition, whichever it is."""
    chinese = DISTRIBUTION.replace("arn:aws:", "arn:aws-cn:")
    assert make.key_allow_cloudfront(chinese).problems == ()
    with pytest.raises(PolicyError, match="partition"):
        make.key_allow_cloudfront((DISTRIBUTION, chinese))


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.4", "2", 1.2, "TLSv1.2", "", None, "1.2 "])
def test_a_minimum_tls_version_is_one_that_lets_somebody_in(version):
    """A version above 1.3 would lock everybody out; those below 1.2 S3 does not speak."""
    with pytest.raises(PolicyError):
        make.require_min_tls(B, version)


@pytest.mark.parametrize(
    "algorithms", [(), "kms", "aws:kms:DSSE", "aes256", ("aws:kms", "SSE-C"), None, 3, {"aws:kms": 1}]
)
def test_an_algorithm_is_written_as_s3_writes_it(algorithms):
    """An algorithm in the wrong case or with another name would deny everything."""
    with pytest.raises(PolicyError):
        make.deny_unencrypted_uploads(B, algorithms)


@pytest.mark.parametrize(
    "key",
    [
        "",
        (),
        "alias/app",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        KEY + " ",
        KEY.replace("key/", "alias/"),
        KEY.replace(":kms:", ":s3:"),
        KEY.replace("eu-west-1", ""),
        "*",
        (KEY, "alias/app"),
        None,
        KEY.encode(),
    ],
)
def test_a_kms_key_is_named_by_its_full_arn(key):
    """An alias or a bare id would deny the right key."""
    for build in (lambda: make.deny_wrong_kms_key(B, key), lambda: make.allow_key_use(key, B)):
        with pytest.raises(PolicyError):
            build()


def test_keys_of_two_partitions_are_two_statements():
    """The ARNs of buckets are of one partition."""
    with pytest.raises(PolicyError, match="partition"):
        make.allow_key_use(
            (KEY, KEY.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1")), B
        )


@pytest.mark.parametrize(
    "principals",
    [
        "*",
        "",
        (),
        SESSION,
        f"arn:aws:iam::{OWNER}:role/*",
        "1234",
        "arn:aws:iam::*:root",
        "cloudfront.amazonaws.com",
        f"arn:aws:iam::{OWNER}:group/Admins",
        ADMIN_ROLE + " ",
        None,
        111122223333,
        {"AWS": ADMIN_ROLE},
        [None],
    ],
)
def test_a_grant_names_principals_in_full(principals):
    """Neither everybody, nor wildcards, sessions, groups or services are granted anything."""
    for name in ("cross_account_read", "cross_account_write", "key_allow_use"):
        with pytest.raises(PolicyError):
            call(name, principals=principals)
    if principals is not None:
        for name in ("allow_read", "allow_write", "allow_delete", "allow_list", "allow_read_by_tag"):
            with pytest.raises(PolicyError):
                call(name, principals=principals)


def test_a_session_is_refused_with_its_role():
    """The error names the role whose session was given."""
    with pytest.raises(PolicyError) as caught:
        make.cross_account_read(B, SESSION)
    assert ADMIN_ROLE in caught.value.fix


@pytest.mark.parametrize(
    "spared",
    [
        "*",
        OWNER,
        SESSION,
        f"arn:aws:iam::{OWNER}:role/*",
        f"arn:aws:iam::{OWNER}:role/**",
        f"arn:aws:iam::{OWNER}:*",
        "arn:aws:iam::*:role/Admin",
        f"arn:aws:iam::{OWNER}:user/?*",
        "arn:aws:iam::1:role/Admin",
        "Admin",
        None,
        3,
        [""],
    ],
)
def test_an_exemption_spares_neither_everybody_nor_a_session(spared):
    """Whom a Deny spares is a role or a user of one account."""
    for name in builders_with("except_principals"):
        with pytest.raises(PolicyError):
            call(name, except_principals=spared)
    for name in builders_with("admins"):
        with pytest.raises(PolicyError):
            call(name, admins=spared)


UNNAMABLE = [
    "role/Admin/",
    "role//Admin",
    "role/team//Admin",
    "role/Ad:min",
    "role/Ädmin",
    "role/" + "a" * 65,
    f"user/{'p' * 511}/alice",
    "role/${aws:username}",
    "role/${aws:username}/Admin",
    "user/al!ce",
    "role/",
]


@pytest.mark.parametrize("named", UNNAMABLE)
def test_an_arn_that_nobody_can_have_is_refused(named):
    """A role or user that cannot exist would be granted nothing, and nobody would be spared by it."""
    arn = f"arn:aws:iam::{OWNER}:{named}"
    for parameter in ("admins", "except_principals", "principals"):
        for name in builders_with(parameter):
            with pytest.raises(PolicyError):
                call(name, **{parameter: arn})


@pytest.mark.parametrize(
    "named", ["role/" + "a" * 64, f"user/{'p' * 510}/alice", "role/a/b/+=,.@-_", "role/a!b/Admin"]
)
def test_every_arn_that_iam_takes_is_taken(named):
    """Names of 64 characters, paths of 512 and all characters that IAM knows do."""
    arn = f"arn:aws:iam::{OWNER}:{named}"
    assert make.deny_public_policies(B, arn).problems == ()
    assert make.cross_account_read(B, arn).raw["Principal"] == {"AWS": arn}


@pytest.mark.parametrize("named", ["role/aws-reserved/*/Admin_*", "role/*Admin", "role/team/*", "user/a?"])
def test_wildcards_may_stand_in_path_and_name_of_whom_a_deny_spares(named):
    """A pattern that somebody can match is taken for an exemption, and for a grant it is not."""
    arn = f"arn:aws:iam::{OWNER}:{named}"
    assert make.deny_public_policies(B, arn).problems == ()
    with pytest.raises(PolicyError, match="no principal"):
        make.cross_account_read(B, arn)


@pytest.mark.parametrize("admins", [(), [], f"arn:aws:iam::{OWNER}:root"])
def test_a_setting_is_never_protected_from_everybody(admins):
    """Without a role or a user as admin, everybody but the root user would be locked out."""
    for name in builders_with("admins"):
        with pytest.raises(PolicyError, match="admins="):
            call(name, admins=admins)


@pytest.mark.parametrize("settings", [(), "everything", "Policy", ("policy", "acl"), None, 3])
def test_settings_are_those_there_are(settings):
    """A setting that is not known is refused."""
    with pytest.raises(PolicyError):
        make.protect_settings(B, ADMIN_ROLE, settings)


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_protected_without_locking_the_admin_out(setting):
    """Each action of each setting is denied to others and not to the admin."""
    policy = Policy.of(make.protect_settings(B, ADMIN_ROLE, setting))
    admin = SESSION
    for action in SETTINGS[setting]:
        assert (
            evaluate(witness(action, bucket_arn(B), APP), resource_policy=policy).outcome
            == "explicitly_denied"
        )
        assert (
            evaluate(witness(action, bucket_arn(B), admin), resource_policy=policy).outcome
            != "explicitly_denied"
        )


@pytest.mark.parametrize("permission", ["", "READ", "read_acp", "x-amz-grant-read", None, "all", ["read"]])
def test_a_permission_is_one_of_the_five(permission):
    """A permission that has no header is refused."""
    for name in ("deny_public_grants", "deny_grants"):
        with pytest.raises(PolicyError):
            call(name, permission=permission)


@pytest.mark.parametrize(
    "ranges",
    [
        "10.0.0.0/8",
        "192.168.1.1",
        "172.20.0.0/16",
        "100.64.1.0/24",
        "127.0.0.1",
        "fd00::/8",
        "169.254.169.254",
        "0.0.0.0/0",
        "::/0",
        "198.51.100.1/24",
        "198.51.100",
        "198.51.100.0/33",
        "vpce-1a2b3c4d",
        "",
        (),
        None,
        3,
        ["198.51.100.0/24", "10.1.2.3"],
        " 198.51.100.0/24",
        "8.0.0.0/5",
        "198.51.100.0/255.255.255.0",
        "198.51.100.0/0.0.0.255",
        "2001:db8::1%eth0",
        "2001:db8::%1/64",
        "2000::/3",
        "2001::/15",
        "198.51.100.0/",
        "198.051.100.0/24",
        "3325256704",
        "::ffff:198.51.100.0/120",
        "::1",
        "ff02::1",
        "224.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
    ],
)
def test_ranges_hold_public_addresses_only(ranges):
    """A private range never matches aws:SourceIp, a malformed one nothing, and 0.0.0.0/0 everybody."""
    with pytest.raises(PolicyError):
        make.only_ip_ranges(B, ranges, no_endpoints=True)


@pytest.mark.parametrize(
    "ranges", ["8.0.0.0/8", "198.51.100.7", "198.51.100.7/32", "2001:DB8::/32", "2001::/16", "2001:db8::1"]
)
def test_ranges_are_those_that_the_evaluator_reads(ranges):
    """What is accepted lets an address of it through, and keeps out others of its kind."""
    policy = Policy.of(make.only_ip_ranges(B, ranges, no_endpoints=True))

    def outcome(address):
        request = witness("s3:GetObject", bucket_arn(B, "key"), APP, {"aws:SourceIp": address})
        return evaluate(request, resource_policy=policy).outcome

    assert outcome(ranges.partition("/")[0]) != "explicitly_denied"
    assert outcome("203.0.113.9") == "explicitly_denied"
    assert outcome("2a00::9") == "explicitly_denied"


def test_a_range_that_is_too_wide_is_refused_with_the_reason():
    """The error says which length is the widest."""
    for ranges, widest in (("2000::/3", "/16"), ("64.0.0.0/2", "/8")):
        with pytest.raises(PolicyError) as caught:
            make.only_ip_ranges(B, ranges, no_endpoints=True)
        assert f"{widest} is the widest" in caught.value.why


def test_a_range_with_host_bits_is_refused_with_the_range():
    """The error names the range that was probably meant."""
    with pytest.raises(PolicyError) as caught:
        make.only_ip_ranges(B, "198.51.100.7/24", no_endpoints=True)
    assert "198.51.100.0/24" in caught.value.fix


@pytest.mark.parametrize(
    "chosen", [{}, {"vpc_endpoints": "vpce-1a2b3c4d", "no_endpoints": True}, {"no_endpoints": False}]
)
def test_ip_ranges_say_what_becomes_of_vpc_endpoints(chosen):
    """A call through an endpoint has no address: nobody may forget about it."""
    with pytest.raises(PolicyError, match="VPC endpoints"):
        make.only_ip_ranges(B, "198.51.100.0/24", **chosen)


@pytest.mark.parametrize(
    "endpoints", ["vpc-1a2b3c4d", "vpce-", "vpce-*", "vpce-1A2B3C4D", "vpce-1a2b3c4d ", 3, ["vpce-1"]]
)
def test_an_endpoint_is_named_by_its_id(endpoints):
    """What is no id of an endpoint would shut everybody out."""
    with pytest.raises(PolicyError):
        make.only_vpc_endpoints(B, endpoints)
    with pytest.raises(PolicyError):
        make.only_ip_ranges(B, "198.51.100.0/24", vpc_endpoints=endpoints)


def test_a_perimeter_needs_something_inside():
    """Without endpoints and VPCs everybody would be outside."""
    with pytest.raises(PolicyError, match="neither"):
        make.only_vpc_endpoints(B)
    with pytest.raises(PolicyError, match="VPC"):
        make.only_vpc_endpoints(B, vpcs="vpce-1a2b3c4d")


@pytest.mark.parametrize(
    "actions", ["s3:*", "s3:Put*", "s3:PutBucketPolicy", "s3:putbucketpolicy", ("s3:GetObject", "s3:P*")]
)
def test_a_perimeter_around_the_policy_itself_spares_somebody(actions):
    """A Deny that takes in PutBucketPolicy cannot be corrected from outside, unless somebody is spared."""
    for name in ("only_vpc_endpoints", "only_ip_ranges", "only_organization"):
        with pytest.raises(PolicyError, match="nobody is spared"):
            call(name, actions=actions)
        assert call(name, actions=actions, except_principals=ADMIN_ROLE).problems == ()


@pytest.mark.parametrize("actions", ["", (), "*", "kms:Decrypt", "GetObject", "s3:Get?bject", "s3:", None, 3])
def test_actions_are_those_of_s3(actions):
    """What names no action of S3 is refused."""
    with pytest.raises(PolicyError):
        make.only_vpc_endpoints(B, "vpce-1a2b3c4d", actions=actions, except_principals=ADMIN_ROLE)


@pytest.mark.parametrize(
    "organization", ["", "o-*", "O-A1B2C3D4E5", "r-ab12", "o-a1", "o-a1b2c3d4e5/r-ab12", 3]
)
def test_an_organization_is_named_by_its_id(organization):
    """What is no id of an organization would shut everybody out, or let everybody in."""
    for name in builders_with("organization"):
        with pytest.raises(PolicyError):
            call(name, organization=organization)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "1",
        "11112222333",
        "1111-2222-3333",
        111122223333,
        "*",
        f"arn:aws:iam::{OWNER}:root",
        ["111122223333", "1"],
        b"111122223333",
    ],
)
def test_an_account_has_twelve_digits(account):
    """What is no account is refused."""
    for name in builders_with("account"):
        with pytest.raises(PolicyError):
            call(name, account=account)
    for name in builders_with("accounts"):
        with pytest.raises(PolicyError):
            call(name, accounts=account)


@pytest.mark.parametrize(
    "age",
    [0, -1, 604_801, True, 1.5, "900", None, timedelta(0), timedelta(days=8), timedelta(milliseconds=1500)],
)
def test_a_presign_age_is_whole_seconds_up_to_seven_days(age):
    """A duration that S3 could not mean is refused."""
    with pytest.raises(PolicyError):
        make.max_presign_age(B, age)


def test_a_presign_age_is_written_in_milliseconds():
    """Seconds and timedeltas become the same number of milliseconds."""
    statements = [make.max_presign_age(B, age) for age in (900, timedelta(minutes=15))]
    assert [each.raw["Condition"]["NumericGreaterThan"]["s3:signatureAge"] for each in statements] == [
        "900000"
    ] * 2


@pytest.mark.parametrize("age", [0, -5, 129_601, True, "60", timedelta(hours=37)])
def test_the_age_of_a_second_factor_is_that_of_a_session_at_most(age):
    """A maximum that no session reaches would say nothing."""
    with pytest.raises(PolicyError):
        make.require_mfa_for_delete(B, max_age=age)


@pytest.mark.parametrize("days", [0, -1, 36_501, True, 30.0, "30", None, timedelta(days=30)])
def test_retention_is_in_whole_days(days):
    """A number of days that Object Lock does not take is refused."""
    for name in ("deny_short_retention", "deny_long_retention"):
        with pytest.raises(PolicyError):
            call(name, days=days)


@pytest.mark.parametrize("mode", ["governance", "", None, "LEGAL_HOLD"])
def test_a_retention_mode_is_one_of_two(mode):
    """A mode in the wrong case would compare with nothing."""
    with pytest.raises(PolicyError):
        make.require_retention_mode(B, mode)


@pytest.mark.parametrize(
    "distributions",
    [
        "",
        (),
        "*",
        "EDFDVBD6EXAMPLE",
        DISTRIBUTION[:-3] + "*",
        DISTRIBUTION + " ",
        f"arn:aws:cloudfront::{OWNER}:distribution/*",
        "arn:aws:cloudfront::*:distribution/E1",
        None,
    ],
)
def test_a_distribution_is_named_in_full(distributions):
    """A star is literal in StringEquals, and any distribution would do in StringLike."""
    for name in builders_with("distributions"):
        with pytest.raises(PolicyError):
            call(name, distributions=distributions)


@pytest.mark.parametrize(
    "trails", ["", (), "main", TRAIL.replace("main", "*"), TRAIL.replace(OWNER, "*"), TRAIL + " ", None]
)
def test_a_trail_is_named_in_full(trails):
    """Whoever's trail could write otherwise."""
    for name in builders_with("trails"):
        with pytest.raises(PolicyError):
            call(name, trails=trails)


@pytest.mark.parametrize("region", ["", "*", "eu", "EU-WEST-1", "eu-west-1a", "eu-west-1 ", None, 3])
def test_a_region_is_named(region):
    """What is no region would match no source, or every one."""
    for name in builders_with("region"):
        with pytest.raises(PolicyError):
            call(name, region=region)


@pytest.mark.parametrize(
    "prefix",
    [
        "/reports/",
        "reports/*",
        "report?",
        "${aws:username",
        "{aws:username}/",
        "${}/",
        "${aws:usrname}/",
        "${username}/",
        "${aws:PrincipalTag/}/",
        "${aws:SourceIp}/",
        "${aws:PrincipalTag/team, 'a*'}/",
        "${aws:PrincipalTag/team, ''}",
        "${aws:PrincipalTag/team, ''}/",
        "home/${aws:PrincipalTag/team, ' '}/",
        "${aws:PrincipalTag/team}",
        "${aws:PrincipalTag/team, 'none'}",
        "home/${aws:username}",
        "${s3:prefix}",
        "${s3:prefix}/",
        "${kms:ViaService}/",
        "${sts:ExternalId}/",
        "${aws:RequestTag/team}/",
        "${aws:ResourceTag/team}/",
        "${aws:Referer}/",
        "${aws:UserAgent}/",
        "${aws:referer, 'none'}/",
        "tab\there",
        "x" * 1025,
        None,
        3,
        b"reports/",
    ],
)
def test_a_prefix_is_the_literal_beginning_of_keys(prefix):
    """Wildcards, slashes in front and variables that have no value for anybody are refused."""
    for name in builders_with("prefix"):
        with pytest.raises(PolicyError):
            call(name, prefix=prefix)


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "a",
        "reports/2026 final/",
        "ü/",
        "${*}/",
        "${aws:userid}/",
        "${aws:PrincipalTag/a.b}/",
        "${cognito-identity.amazonaws.com:sub}/",
        "${token.actions.githubusercontent.com:sub}/",
        "${oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub}/",
        "${saml:sub}/",
        "home/${aws:PrincipalTag/a}${*}",
        "${aws:PrincipalTag/team, 'none'}/",
    ],
)
def test_a_prefix_may_hold_what_a_key_may(prefix):
    """Blanks, letters of all alphabets and variables of identity providers do."""
    assert make.allow_read(B, prefix=prefix).resources == (f"arn:aws:s3:::{B}/{prefix}*",)


def test_an_empty_value_opens_nothing():
    """A caller whose tag is empty gets keys that begin with a slash, and no list of the whole bucket."""
    read = make.allow_read(B, prefix="${aws:PrincipalTag/team}/")
    for key, wanted in (("red/x", False), ("/x", True)):
        request = witness("s3:GetObject", bucket_arn(B, key), APP, {"aws:PrincipalTag/team": ""})
        assert read.truth(request, named=False)[0] is wanted
    for prefix in ("${aws:PrincipalTag/team}/", "home/${aws:PrincipalTag/team, 'none'}/", "${saml:sub}/"):
        with pytest.raises(PolicyError, match="folder_itself="):
            make.allow_list(B, prefix=prefix, folder_itself=True)


@pytest.mark.parametrize("tag", ["", "aws:createdBy", "te*m", "te${m}", "team'", None, "x" * 129, "a\n"])
def test_a_tag_can_stand_in_a_condition_key(tag):
    """A key of a tag that would break the condition key or the variable is refused."""
    for name in builders_with("tag"):
        with pytest.raises(PolicyError):
            call(name, tag=tag)


@pytest.mark.parametrize("value", ["", "r*d", "${aws:username}", 3, ("red",)])
def test_the_value_of_a_tag_is_plain(value):
    """A value is compared literally."""
    for name in builders_with("value"):
        with pytest.raises(PolicyError):
            call(name, value=value)


FLAGS = {
    name: [
        each
        for each, found in inspect.signature(getattr(make, name)).parameters.items()
        if isinstance(found.default, bool)
    ]
    for name in make.__all__
}


@pytest.mark.parametrize("value", ["false", "", 0, 1, None])
def test_a_switch_is_true_or_false(value):
    """A text such as "false" does not count as true."""
    for name, flags in FLAGS.items():
        for each in flags:
            extra = {"no_endpoints": True} if name == "only_ip_ranges" else {}
            with pytest.raises(PolicyError):
                call(name, **{**extra, each: value})
    assert sum(map(len, FLAGS.values())) >= 15


@given(
    name=st.sampled_from(make.__all__),
    data=st.data(),
    junk=st.one_of(
        st.none(),
        st.integers(),
        st.text(max_size=12),
        st.binary(max_size=4),
        st.lists(st.text(max_size=5)),
        st.dictionaries(st.text(max_size=3), st.none()),
        st.floats(),
    ),
)
def test_any_argument_makes_a_sound_statement_or_a_policy_error(name, data, junk):
    """Whatever is passed in place of an argument, no other exception and no unsound statement comes of it."""
    parameter = data.draw(st.sampled_from(list(inspect.signature(getattr(make, name)).parameters)))
    try:
        statement = call(name, **{parameter: junk})
    except PolicyError:
        return
    policy = Policy.of(statement)
    assert Policy.parse(policy.to_json()) == policy
    assert statement.problems == ()
    assert statement.resources
    assert not any(each.startswith(("arn:aws:s3::/", "arn:aws:s3:::*")) for each in statement.resources)


@given(name=st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12))
def test_a_variable_in_a_prefix_gives_each_user_its_own(name):
    """Whatever a user is called, it reads below its own name and nowhere else."""
    statement = make.allow_read(B, prefix="home/${aws:username}/")
    who = f"arn:aws:iam::{OWNER}:user/{name}"
    own = witness("s3:GetObject", bucket_arn(B, f"home/{name}/x"), who)
    other = witness("s3:GetObject", bucket_arn(B, f"home/{name}x/x"), who)
    assert statement.truth(own, named=False)[0] is True
    assert statement.truth(other, named=False)[0] is False
    assert (
        statement.truth(witness("s3:GetObject", bucket_arn(B, "home/alice/x"), USER), named=False)[0] is True
    )
