"""What is taken away a second time, or is not there: AWS says so, and Terraform and the AWS CLI take that for done.
A client asks twice if it has lost the first answer."""

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling
from moto.iam.responses import IamResponse as IAM

from patch import refusal

# The calls that moto stumbles over, or answers with an error that is not AWS's: by whom, which call, what moto raises,
# and the code that botocore's model has for it. tests/iac/test_emulator.py makes every call of the kind.
ROWS = [
    (IAM, "remove_role_from_instance_profile", ValueError, "NoSuchEntity"),
    (Scaling, "delete_scaling_policy", AWSValidationException, "ObjectNotFoundException"),
    (Scaling, "deregister_scalable_target", AWSValidationException, "ObjectNotFoundException"),
]


def mend(cls, name, raised, code):
    original = getattr(cls, name)

    def method(self):
        try:
            return original(self)
        except raised as error:
            raise refusal(self, code, str(error)) from None

    setattr(cls, name, method)


for row in ROWS:
    mend(*row)
