"""The messages and enums of the contract, all under one name: `v1.Plan`, `v1.FREQUENCY_MONTH`.

They are generated when the package is built. The stubs of the services are in modules
of their own, such as `policytrack.v1.plan_service_pb2_grpc`."""

from policytrack.v1.admin_service_pb2 import *
from policytrack.v1.commit_pb2 import *
from policytrack.v1.common_pb2 import *
from policytrack.v1.dataset_pb2 import *
from policytrack.v1.dataset_service_pb2 import *
from policytrack.v1.event_service_pb2 import *
from policytrack.v1.indicator_pb2 import *
from policytrack.v1.indicator_service_pb2 import *
from policytrack.v1.measure_pb2 import *
from policytrack.v1.measure_service_pb2 import *
from policytrack.v1.observation_pb2 import *
from policytrack.v1.observation_service_pb2 import *
from policytrack.v1.plan_pb2 import *
from policytrack.v1.plan_service_pb2 import *
from policytrack.v1.plugin_pb2 import *
from policytrack.v1.plugin_service_pb2 import *
from policytrack.v1.progress_pb2 import *
from policytrack.v1.progress_service_pb2 import *
from policytrack.v1.script_pb2 import *
from policytrack.v1.script_service_pb2 import *
