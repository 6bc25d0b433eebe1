"""Contains all the data models used in inputs/outputs"""

from .absence import Absence
from .account import Account
from .again import Again
from .approval import Approval
from .bundle import Bundle
from .bundle_events import BundleEvents
from .bundle_events_additional_property import BundleEventsAdditionalProperty
from .bundle_workflows_item import BundleWorkflowsItem
from .chained import Chained
from .change import Change
from .change_state import ChangeState
from .choice import Choice
from .consent import Consent
from .considered import Considered
from .counted import Counted
from .customer_explanation import CustomerExplanation
from .dead_letter import DeadLetter
from .decision import Decision
from .decision_data import DecisionData
from .decision_done import DecisionDone
from .deployment import Deployment
from .deployment_plan import DeploymentPlan
from .deployment_plan_secrets import DeploymentPlanSecrets
from .deployment_result import DeploymentResult
from .event_change import EventChange
from .event_change_schema import EventChangeSchema
from .event_change_state import EventChangeState
from .explanation import Explanation
from .explanation_wish import ExplanationWish
from .found_results import FoundResults
from .grant import Grant
from .grant_role import GrantRole
from .immovable_runs import ImmovableRuns
from .import_view import ImportView
from .import_view_reasons import ImportViewReasons
from .items_deployment_result import ItemsDeploymentResult
from .items_pause import ItemsPause
from .itemsstr import Itemsstr
from .kept import Kept
from .line import Line
from .link_rules import LinkRules
from .link_rules_consent import LinkRulesConsent
from .link_rules_tracking import LinkRulesTracking
from .link_rules_utm_type_0 import LinkRulesUtmType0
from .listed_task import ListedTask
from .log_in import LogIn
from .migration_preview import MigrationPreview
from .movable_runs import MovableRuns
from .openapi_response_200 import OpenapiResponse200
from .page_chained import PageChained
from .page_dead_letter import PageDeadLetter
from .page_deployment import PageDeployment
from .page_import_view import PageImportView
from .page_kept import PageKept
from .page_listed_task import PageListedTask
from .page_run_view import PageRunView
from .page_shop_view import PageShopView
from .pause import Pause
from .policy_change import PolicyChange
from .policy_change_state import PolicyChangeState
from .problem_document import ProblemDocument
from .proposal import Proposal
from .proposal_in_flight import ProposalInFlight
from .redriven import Redriven
from .release import Release
from .resumption import Resumption
from .run_example import RunExample
from .run_in_progress import RunInProgress
from .run_view import RunView
from .secret_view import SecretView
from .shop_view import ShopView
from .shown_task import ShownTask
from .shown_task_status import ShownTaskStatus
from .standing import Standing
from .standing_runs import StandingRuns
from .standing_scores import StandingScores
from .task import Task
from .task_done import TaskDone
from .task_done_data import TaskDoneData
from .task_done_done import TaskDoneDone
from .task_done_type import TaskDoneType
from .task_status import TaskStatus
from .unrecognised import Unrecognised
from .unrecognised_body_type_0 import UnrecognisedBodyType0
from .unrecognised_headers import UnrecognisedHeaders
from .unrecognised_kind import UnrecognisedKind
from .unserved import Unserved
from .variant_test import VariantTest
from .vote import Vote
from .vote_done import VoteDone
from .wish import Wish
from .wish_in_flight import WishInFlight
from .wrong_place import WrongPlace

__all__ = (
    "Absence",
    "Account",
    "Again",
    "Approval",
    "Bundle",
    "BundleEvents",
    "BundleEventsAdditionalProperty",
    "BundleWorkflowsItem",
    "Chained",
    "Change",
    "ChangeState",
    "Choice",
    "Consent",
    "Considered",
    "Counted",
    "CustomerExplanation",
    "DeadLetter",
    "Decision",
    "DecisionData",
    "DecisionDone",
    "Deployment",
    "DeploymentPlan",
    "DeploymentPlanSecrets",
    "DeploymentResult",
    "EventChange",
    "EventChangeSchema",
    "EventChangeState",
    "Explanation",
    "ExplanationWish",
    "FoundResults",
    "Grant",
    "GrantRole",
    "ImmovableRuns",
    "ImportView",
    "ImportViewReasons",
    "ItemsDeploymentResult",
    "ItemsPause",
    "Itemsstr",
    "Kept",
    "Line",
    "LinkRules",
    "LinkRulesConsent",
    "LinkRulesTracking",
    "LinkRulesUtmType0",
    "ListedTask",
    "LogIn",
    "MigrationPreview",
    "MovableRuns",
    "OpenapiResponse200",
    "PageChained",
    "PageDeadLetter",
    "PageDeployment",
    "PageImportView",
    "PageKept",
    "PageListedTask",
    "PageRunView",
    "PageShopView",
    "Pause",
    "PolicyChange",
    "PolicyChangeState",
    "ProblemDocument",
    "Proposal",
    "ProposalInFlight",
    "Redriven",
    "Release",
    "Resumption",
    "RunExample",
    "RunInProgress",
    "RunView",
    "SecretView",
    "ShopView",
    "ShownTask",
    "ShownTaskStatus",
    "Standing",
    "StandingRuns",
    "StandingScores",
    "Task",
    "TaskDone",
    "TaskDoneData",
    "TaskDoneDone",
    "TaskDoneType",
    "TaskStatus",
    "Unrecognised",
    "UnrecognisedBodyType0",
    "UnrecognisedHeaders",
    "UnrecognisedKind",
    "Unserved",
    "VariantTest",
    "Vote",
    "VoteDone",
    "Wish",
    "WishInFlight",
    "WrongPlace",
)
