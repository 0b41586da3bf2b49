#!/usr/bin/env python3
"""Deploying, changing the password and destroying: in which order, what is asked, and where it stops. The AWS CLI is
the real one and asks a listener; every other tool is a stub."""

import json
import re
import sys

import commands
import suite
from commands import (BALANCER, CLUSTER, DIGEST, ENDPOINT, MASTER_SECRET, OLD_PAIR, OUTPUTS, PAIR,
                      PASSWORD, REPOSITORY, SERVICE, outputs, plan, rollout, secret, state)
from wire.listener import Error

REFUSED = Error("BadRequestException", "it refuses")
DATABASE = OUTPUTS["database"]
OTHER_DIGEST = "sha256:" + "cd" * 32


class Plan(commands.Commands):
    """The plan that was confirmed is the plan that is applied."""

    def test_order(self):
        status, text = self.run_command("deploy")
        self.assertEqual(status, 0, text)
        self.assert_order(" plan -detailed-exitcode -out=", " apply ", "aws ecr describe-images",
                          " plan -detailed-exitcode -out=", " show -json ", " apply ", "aws ecs describe-services",
                          "aws ssm send-command")

    def test_applied_is_what_was_planned(self):
        self.run_command("deploy")
        planned = {word.removeprefix("-out=") for call in self.calls() for word in call["argv"]
                   if word.startswith("-out=")}
        applied = [call for call in self.calls() if "apply" in call["argv"]]
        self.assertEqual({call["argv"][-1] for call in applied}, planned)
        self.assertEqual(len(planned), 2)
        [last] = [call for call in self.calls() if "-out=" + applied[-1]["argv"][-1] in call["argv"]]
        self.assertFalse([word for word in last["argv"] if word.startswith("-target")])
        self.assertEqual(last["variables"]["TF_VAR_app_image_digest"], DIGEST)

    def carried_out(self):
        return len([line for line in self.lines() if " apply " in line and line.endswith("/all")])

    def test_what_would_be_lost_is_asked_for(self):
        for actions in (["delete"], ["delete", "create"], ["create", "delete"]):
            with self.subTest("+".join(actions)):
                lossy = plan(aws_lb__this=["create"], module__m__aws_subnet__this=actions)
                before = self.carried_out()
                status, text = self.run_command("deploy", terraform__show__all=lossy)
                self.assertEqual((status, self.carried_out()), (1, before), text)
                self.assertIn("YES=all", text)
                self.assertIn("    module.m.aws_subnet.this " + " ".join(actions), text)
                self.assertNotIn("    aws_lb.this", text)
                status, text = self.run_command("deploy", yes=False, YES="all", terraform__show__all=lossy)
                self.assertEqual((status, self.carried_out()), (0, before + 1), text)

    def test_revisions_are_no_loss(self):
        status, text = self.run_command("deploy", terraform__show__all=plan(
            module__service__aws_ecs_task_definition__pair=["delete", "create"],
            terraform_data__migrated=["delete", "create"]))
        self.assertEqual(status, 0, text)

    def test_nothing_to_change_is_not_applied(self):
        status, text = self.run_command("deploy", terraform__plan=[0, ""])
        self.assertEqual(status, 0, text)
        self.assert_not_called(" apply")
        self.assert_order("describe-services", "send-command")

    def test_plan_that_fails_changes_nothing(self):
        status, text = self.run_command("deploy", terraform__plan=[1, "a variable is wrong"])
        self.assertEqual(status, 1, text)
        self.assertIn("a variable is wrong", text)
        self.assert_not_called(" apply")
        self.assert_not_called("aws ecr")

    def test_apply_that_fails_is_told(self):
        status, text = self.run_command("deploy", terraform__apply__all=[1, "the migration failed"])
        self.assertEqual(status, 1, text)
        self.assertIn("run make deploy again", text)
        self.assert_not_called("send-command")


def images(digest):
    """As ECS describes a task definition with these images."""
    return {"taskDefinition": {"containerDefinitions": [
        {"name": name, "image": f"registry/postern/{name}@{digest}"} for name in ("app", "web")]}}


class Rollout(commands.Commands):
    def test_undone_deployment_is_told(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            rollout("IN_PROGRESS"), rollout("IN_PROGRESS", OLD_PAIR), rollout("COMPLETED", OLD_PAIR)]})
        self.assertEqual(status, 1, text)
        self.assertIn("ECS has undone the deployment", text)
        self.assert_not_called("send-command")

    def test_deployment_is_waited_for(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            {"services": []}, rollout("IN_PROGRESS"), rollout("IN_PROGRESS"), rollout("COMPLETED")]})
        self.assertEqual(status, 0, text)
        self.assertEqual(len([line for line in self.lines() if "describe-services" in line]), 4, text)
        self.assertEqual(text.count("IN_PROGRESS"), 1, text)
        self.assertIn("1 of 3 tasks", text)

    def test_deployment_that_fails_is_told(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            rollout("IN_PROGRESS"), rollout("FAILED", reason="tasks failed to start")]})
        self.assertEqual(status, 1, text)
        self.assertIn("tasks failed to start", text)
        self.assert_not_called("send-command")

    def test_deployment_is_not_waited_for_for_ever(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": rollout("IN_PROGRESS")})
        self.assertEqual(status, 1, text)
        self.assertIn("after 20 minutes", text)
        waited = sum(int(line.split()[1]) for line in self.lines() if line.startswith("sleep "))
        self.assertEqual(waited, 20 * 60)

    ECS = OUTPUTS["ecs"] | {"newest_task_definition": PAIR}

    def after_undone(self, command, *answers, digest=DIGEST, **environment):
        """The newest revision has `digest`, and ECS has gone back from it."""
        return self.run_command(
            command, **environment, terraform__plan=[0, ""],
            terraform__output=outputs(ecs=self.ECS | {"task_definition": OLD_PAIR}),
            aws={"ecs:DescribeServices": list(answers) or rollout("COMPLETED", OLD_PAIR),
                 "ecs:DescribeTaskDefinition": images(digest)})

    def planned_revision(self):
        planned = [call for call in self.calls() if "plan" in call["argv"]]
        return planned[-1]["variables"].get("TF_VAR_task_definition")

    def test_undone_revision_is_not_brought_back_unasked(self):
        for command in ("plan", "deploy"):
            with self.subTest(command):
                status, text = self.after_undone(command)
                self.assertEqual(status, 0, text)
                self.assertIn("ECS has gone back from postern:2 to postern:1, which stays", text)
                self.assertEqual(self.planned_revision(), OLD_PAIR)

    def test_undone_revision_is_tried_again_if_asked(self):
        status, text = self.after_undone("plan", RETRY="yes")
        self.assertEqual(status, 0, text)
        self.assertIn("trying postern:2 again", text)
        self.assertIsNone(self.planned_revision())

    def test_other_images_take_its_place(self):
        status, text = self.after_undone("plan", digest=OTHER_DIGEST)
        self.assertEqual(status, 0, text)
        self.assertIsNone(self.planned_revision())

    def test_what_runs_as_it_should_is_not_kept(self):
        status, text = self.run_command("plan", terraform__plan=[0, ""], terraform__output=outputs(ecs=self.ECS))
        self.assertEqual(status, 0, text)
        self.assertIsNone(self.planned_revision())


class Password(commands.Commands):
    """Two roles take turns to log in; the former one's password is valid until every task has the new one."""

    def told(self):
        """What the database was told, in order: settings of a transaction, and statements."""
        return [statement["parameters"][0]["value"]["stringValue"] if "parameters" in statement
                else statement["sql"].split("\n")[0] for statement in self.asked("rds-data:ExecuteStatement")]

    def kept(self):
        return [json.loads(call["SecretString"]) for call in self.asked("secretsmanager:PutSecretValue")]

    def test_role_is_made_with_the_password_that_is_kept(self):
        status, text = self.run_command("database-role")
        self.assertEqual(status, 0, text)
        self.assertEqual((self.kept(), self.told()), ([], ["SELECT 1", "postern_1", PASSWORD, "DO $role$"]))
        for statement in self.asked("rds-data:ExecuteStatement")[1:]:
            self.assertEqual((statement["resourceArn"], statement["secretArn"], statement["database"],
                              statement["transactionId"]), (DATABASE["cluster_arn"], MASTER_SECRET, "postern", "t"))
        self.assertEqual(self.asked("rds-data:CommitTransaction"), [
            {"resourceArn": DATABASE["cluster_arn"], "secretArn": MASTER_SECRET, "transactionId": "t"}])

    def test_terraform_gives_what_the_state_does_not_have_yet(self):
        given = json.dumps({"database": {"value": DATABASE}, "migration": {"value": OUTPUTS["migration"]}})
        for command in ("database-role", "migrate"):
            status, text = self.run_command(command, terraform__output=[0, "{}"], TERRAFORM_OUTPUTS=given)
            self.assertEqual(status, 0, text)

    def test_password_stays_out_of_arguments(self):
        self.run_command("database-role", "--new-password")
        self.assert_not_called(PASSWORD)

    def test_new_password_is_the_other_roles(self):
        for login, other in (("postern_1", "postern_2"), ("postern_2", "postern_1")):
            with self.subTest(login):
                self.listener.calls.clear()
                status, text = self.run_command("database-role", "--new-password",
                                                aws={"secretsmanager:GetSecretValue": secret("former", login)})
                self.assertEqual(status, 0, text)
                self.assertEqual(self.kept(), [{"username": other, "password": PASSWORD}])
                self.assertEqual(self.told(), [
                    "SELECT 1", f"SELECT 1 FROM pg_roles WHERE rolname = '{other}' AND rolcanlogin", other, PASSWORD,
                    "DO $role$", f"ALTER ROLE {login} NOLOGIN PASSWORD NULL"])
        self.assert_order("commit-transaction", "put-secret-value", "update-service", "describe-services",
                          "execute-statement")

    def test_former_password_stays_until_every_task_has_the_new_one(self):
        gone_back = rollout("COMPLETED", identifier="ecs-svc/0000000000000000002")
        for last in (rollout("FAILED", reason="tasks failed to start"), gone_back):
            self.listener.calls.clear()
            status, text = self.run_command("database-role", "--new-password", aws={
                "ecs:DescribeServices": [rollout("IN_PROGRESS"), last]})
            self.assertEqual(status, 1, text)
            self.assertFalse([sql for sql in self.told() if "NOLOGIN" in sql])

    def test_change_that_stopped_half_way_is_ended_first(self):
        status, text = self.run_command("database-role", "--new-password", aws={
            "secretsmanager:GetSecretValue": secret(PASSWORD, "postern_2"),
            "rds-data:ExecuteStatement": [{}, {"records": [[{"longValue": 1}]]}, {}]})
        self.assertEqual(status, 0, text)
        self.assertEqual([sql for sql in self.told() if "ALTER" in sql],
                         [f"ALTER ROLE {login} NOLOGIN PASSWORD NULL" for login in ("postern_1", "postern_2")])
        self.assertEqual(len(self.asked("ecs:UpdateService")), 2)

    def test_password_that_cannot_be_read_is_kept(self):
        status, text = self.run_command("database-role", aws={
            "secretsmanager:GetSecretValue": Error("ThrottlingException", "Rate exceeded")})
        self.assertEqual(status, 1, text)
        self.assertIn("Rate exceeded", text)
        self.assert_not_called("put-secret-value")
        self.assert_not_called("begin-transaction")

    def test_first_password_is_made(self):
        status, text = self.run_command("database-role", aws={
            "secretsmanager:GetSecretValue": Error("ResourceNotFoundException", "no value")})
        self.assertEqual(status, 0, text)
        self.assertEqual(self.kept(), [{"username": "postern_1", "password": PASSWORD}])
        self.assert_not_called("update-service")

    def test_new_password_is_kept_only_if_the_database_takes_it(self):
        # The first two statements ask whether the database is there, and who may log in.
        for answers in ({"rds-data:BeginTransaction": REFUSED}, {"rds-data:ExecuteStatement": [{}, {}, REFUSED]},
                        {"rds-data:CommitTransaction": REFUSED}):
            with self.subTest(*answers):
                status, text = self.run_command("database-role", "--new-password", aws=answers)
                self.assertEqual(status, 1, text)
                self.assertIn("it refuses", text)
                self.assert_not_called("put-secret-value")
        self.assert_order("execute-statement", "execute-statement", "rollback-transaction")


class Destroy(commands.Commands):
    def test_destroy(self):
        status, text = self.run_command("destroy")
        self.assertEqual(status, 0, text)
        self.assert_order("describe-vpc-endpoint-connections --region eu-west-2 --filters Name=service-id,"
                          "Values=vpce-svc-1", "destroy -auto-approve")
        self.assert_not_called(" apply")

    def test_nothing_to_destroy(self):
        for known in ([0, '{"format_version": "1.0"}'], state()):
            status, text = self.run_command("destroy", terraform__show=known)
            self.assertEqual(status, 1, text)
            self.assertIn("nothing that is deployed", text)
        status, text = self.run_command("destroy", terraform__show=[1, "the bucket is not there"])
        self.assertEqual(status, 1, text)
        self.assertIn("the bucket is not there", text)
        self.assert_not_called("destroy")

    def test_destroy_needs_no_outputs(self):
        """A deployment or a deletion that stopped half-way leaves none, or few."""
        for known in (state(REPOSITORY), state(SERVICE, ENDPOINT)):
            status, text = self.run_command("destroy", terraform__output=[0, "{}"], terraform__show=known,
                                            TF_VAR_deletion_protection="false")
            self.assertEqual(status, 0, text)
        self.assertEqual(len([line for line in self.lines() if "destroy -auto-approve" in line]), 2)
        self.assertEqual(len([line for line in self.lines() if "describe-vpc-endpoint-connections" in line]), 1)

    def test_destroy_respects_protection(self):
        for resource in (CLUSTER, REPOSITORY, ("aws_lb.this", {"enable_deletion_protection": True})):
            with self.subTest(resource[0]):
                status, text = self.run_command("destroy", terraform__show=state(BALANCER, resource))
                self.assertEqual(status, 1, text)
                self.assertIn("TF_VAR_deletion_protection=false make destroy", text)
        self.assert_not_called("destroy")
        self.assert_not_called(" apply")

    def test_destroy_switches_protection_off_where_it_is_on(self):
        status, text = self.run_command("destroy", terraform__show=state(CLUSTER, BALANCER, REPOSITORY, ENDPOINT),
                                        TF_VAR_deletion_protection="false")
        self.assertEqual(status, 0, text)
        self.assert_order("apply -auto-approve -var=deletion_protection=false -target=aws_rds_cluster.this "
                          '-target=aws_ecr_repository.image["app"]', "destroy -auto-approve")

    def test_destroy_names_other_consumers(self):
        connection = {"VpcEndpointId": "vpce-2", "VpcEndpointState": "available"}
        status, text = self.run_command("destroy", aws={"ec2:DescribeVpcEndpointConnections": {
            "VpcEndpointConnections": [connection]}})
        self.assertEqual(status, 1, text)
        self.assert_not_called("destroy")
        self.run_printed(re.search(r"aws ec2 reject-vpc-endpoint-connections.*", text)[0])
        [asked] = self.asked("ec2:RejectVpcEndpointConnections")
        self.assertEqual(asked["VpcEndpointIds"], ["vpce-2"])

    def test_destroy_deletes_what_aws_has_made_again(self):
        revision = PAIR.replace("postern:2", "postern:1")
        group = "/aws/rds/cluster/postern/postgresql"
        status, text = self.run_command("destroy", terraform__show=state(CLUSTER, BALANCER, SERVICE, ENDPOINT),
                                        TF_VAR_deletion_protection="false", aws={
                                            "logs:DescribeLogGroups": [{"logGroups": [{"logGroupName": group}]},
                                                                       {"logGroups": []}],
                                            "logs:DeleteLogGroup": {}, "ecs:DeregisterTaskDefinition": {},
                                            "ecs:DeleteTaskDefinitions": {"failures": []},
                                            "ecs:ListTaskDefinitions": [{"taskDefinitionArns": [revision]}] * 2 + [
                                                {"taskDefinitionArns": []}]})
        self.assertEqual(status, 0, text)
        self.assertEqual([call["logGroupNamePrefix"] for call in self.asked("logs:DescribeLogGroups")],
                         ["/aws/rds/cluster/postern/", "/aws/ecs/containerinsights/postern/"])
        self.assertEqual(self.asked("logs:DeleteLogGroup"), [{"logGroupName": group}])
        self.assertEqual(self.asked("ecs:DeregisterTaskDefinition"), [{"taskDefinition": revision}])
        self.assertEqual(self.asked("ecs:DeleteTaskDefinitions"), [{"taskDefinitions": [revision]}])

    def test_snapshot_is_kept_with_its_key(self):
        key = commands.arn("kms", "key/11111111-2222-3333-4444-555555555555")
        status, text = self.run_command(
            "destroy", terraform__show=state(CLUSTER, BALANCER), TF_VAR_deletion_protection="false",
            KEEP_SNAPSHOT="yes", aws={
                "rds:DescribeDBClusterSnapshots": {"DBClusterSnapshots": [
                    {"DBClusterSnapshotIdentifier": "postern-final-1", "AllocatedStorage": 7, "KmsKeyId": key}]},
                "kms:DescribeKey": {"KeyMetadata": {"KeyId": key, "KeyState": "PendingDeletion"}},
                "kms:CancelKeyDeletion": {"KeyId": key}, "kms:EnableKey": {}, "kms:ScheduleKeyDeletion": {},
                "rds:DeleteDBClusterSnapshot": {}})
        self.assertEqual(status, 0, text)
        [applied] = [call for call in self.calls() if "apply" in call["argv"]]
        self.assertIn("-target=aws_rds_cluster.this", applied["argv"])
        self.assertRegex(applied["variables"]["TF_VAR_final_snapshot_identifier"], r"^postern-final-\d{8}-\d{6}$")
        self.assert_order("destroy -auto-approve", "kms cancel-key-deletion", "kms enable-key")
        self.assertIn("but for the snapshot postern-final-1 of 7 GiB", text)
        self.run_printed(re.search(r"to delete them: (.*)", text)[1])
        self.assertEqual(len(self.asked("rds:DeleteDBClusterSnapshot")), 1)
        self.assertEqual(self.asked("kms:ScheduleKeyDeletion"), [{"KeyId": key.rpartition("/")[2]}])

    def test_snapshot_is_written_into_the_state_of_an_unprotected_database(self):
        bare = (CLUSTER[0], CLUSTER[1] | {"deletion_protection": False, "skip_final_snapshot": True})
        status, text = self.run_command("destroy", terraform__show=state(bare, BALANCER), KEEP_SNAPSHOT="yes")
        self.assertEqual(status, 0, text)
        self.assert_order("apply -auto-approve -var=deletion_protection=false -target=aws_rds_cluster.this", "destroy")

    def test_nothing_that_costs_is_left_untold(self):
        status, text = self.run_command("destroy")
        self.assertEqual(status, 0, text)
        self.assertIn("what is left costs nothing", text)
        self.assertNotIn("but for", text)


if __name__ == "__main__":
    sys.exit(suite.main())
