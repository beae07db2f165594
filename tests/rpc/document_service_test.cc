// What every document service promises, seen through plans and measures: the
// codes that the methods document, each by name.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class DocumentServiceTest : public ServerFixture {
 protected:
  grpc::Status Create(const std::string& id, const v1::Plan& plan, v1::Plan* response,
                      const std::string& request_id = "", bool validate_only = false) {
    v1::CreatePlanRequest request;
    request.set_plan_id(id);
    *request.mutable_plan() = plan;
    request.set_request_id(request_id);
    request.set_validate_only(validate_only);
    return CALL(plans_, CreatePlan, request, response);
  }
  grpc::Status Get(const std::string& name, v1::Plan* response, int64_t as_of = 0) {
    v1::GetPlanRequest request;
    request.set_name(name);
    if (as_of != 0) request.mutable_as_of()->set_revision(as_of);
    return CALL(plans_, GetPlan, request, response);
  }
  grpc::Status Update(const v1::Plan& plan, const std::vector<std::string>& mask,
                      v1::Plan* response, bool allow_missing = false) {
    v1::UpdatePlanRequest request;
    *request.mutable_plan() = plan;
    for (const auto& path : mask) request.mutable_update_mask()->add_paths(path);
    request.set_allow_missing(allow_missing);
    return CALL(plans_, UpdatePlan, request, response);
  }
  grpc::Status Delete(const std::string& name, v1::Plan* response, const std::string& etag = "") {
    v1::DeletePlanRequest request;
    request.set_name(name);
    request.set_etag(etag);
    return CALL(plans_, DeletePlan, request, response);
  }
  v1::Plan Good() { return Text<v1::Plan>(R"(display_name: "A plan" region: "CN-HA")"); }
};

TEST_F(DocumentServiceTest, CreateAnswersWithTheStoredState) {
  v1::Plan created;
  ASSERT_EQ(CodeOf(Create("henan", Good(), &created)), "OK");
  EXPECT_EQ(created.name(), "plans/henan");
  EXPECT_EQ(created.revision(), 1);
  EXPECT_EQ(created.etag(), "\"r1\"");
  EXPECT_EQ(created.create_time().seconds(), 1731145200);
  v1::Plan read;
  ASSERT_EQ(CodeOf(Get("plans/henan", &read)), "OK");
  EXPECT_EQ(read.SerializeAsString(), created.SerializeAsString());
}

TEST_F(DocumentServiceTest, CreateRefusesBadFields) {
  v1::Plan response;
  EXPECT_EQ(CodeOf(Create("Bad Id", Good(), &response)), "INVALID_ARGUMENT NAME_INVALID");
  EXPECT_EQ(CodeOf(Create("", Good(), &response)), "INVALID_ARGUMENT FIELD_REQUIRED");
  EXPECT_EQ(CodeOf(Create("x", v1::Plan(), &response)), "INVALID_ARGUMENT FIELD_REQUIRED");
  v1::Plan plan = Good();
  plan.set_region("not a region");
  grpc::Status status = Create("x", plan, &response);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(MetadataOf(status, "field"), "plan.region");
  plan = Good();
  plan.set_display_name(std::string("nul\0inside", 10));
  EXPECT_EQ(CodeOf(Create("x", plan, &response)), "INVALID_ARGUMENT FIELD_INVALID");
  plan = Good();
  plan.add_references()->set_title("t");
  plan.mutable_references(0)->set_uri("ftp://example.org");
  EXPECT_EQ(CodeOf(Create("x", plan, &response)), "INVALID_ARGUMENT FIELD_INVALID");
  plan = Good();
  (*plan.mutable_translations())["not a tag"].set_display_name("x");
  EXPECT_EQ(CodeOf(Create("x", plan, &response)), "INVALID_ARGUMENT FIELD_INVALID");
  plan = Text<v1::Plan>(R"(display_name: "x" start_date { year: 2025 month: 1 day: 1 }
                           end_date { year: 2024 month: 1 day: 1 })");
  EXPECT_EQ(CodeOf(Create("x", plan, &response)), "INVALID_ARGUMENT FIELD_INVALID");
  // Nothing of all that was kept.
  EXPECT_EQ(CodeOf(Get("plans/x", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  ASSERT_EQ(CodeOf(Create("first", Good(), &response)), "OK");
  EXPECT_EQ(response.revision(), 1);
}

TEST_F(DocumentServiceTest, ADocumentHasASize) {
  v1::Plan plan = Good();
  for (int i = 0; i < 15; ++i) {
    plan.add_references()->set_title("A reference");
    plan.mutable_references(i)->set_note(std::string(64 << 10, 'n'));
  }
  v1::Plan response;
  ASSERT_EQ(CodeOf(Create("large", plan, &response)), "OK");
  plan.add_references()->set_title("One too many");
  plan.mutable_references(15)->set_note(std::string(64 << 10, 'n'));
  const grpc::Status refused = Create("larger", plan, &response);
  EXPECT_EQ(CodeOf(refused), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  EXPECT_EQ(MetadataOf(refused, "max_bytes"), "1048576");
  plan.set_name("plans/large");
  EXPECT_EQ(CodeOf(Update(plan, {"references"}, &response)),
            "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  ASSERT_EQ(CodeOf(Get("plans/large", &response)), "OK");
  EXPECT_EQ(response.references_size(), 15);
  EXPECT_EQ(CodeOf(Get("plans/larger", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
}

TEST_F(DocumentServiceTest, CreateRefusesATakenName) {
  v1::Plan response;
  ASSERT_EQ(CodeOf(Create("x", Good(), &response)), "OK");
  EXPECT_EQ(CodeOf(Create("x", Good(), &response)), "ALREADY_EXISTS RESOURCE_EXISTS");
}

TEST_F(DocumentServiceTest, RequestIdReplaysTheFirstAnswer) {
  const std::string id = "6fa459ea-ee8a-4ca4-894e-db77e160355e";
  v1::Plan first, again;
  ASSERT_EQ(CodeOf(Create("x", Good(), &first, id)), "OK");
  ASSERT_EQ(CodeOf(Create("x", Good(), &again, id)), "OK");
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  v1::Plan other = Good();
  other.set_display_name("Another");
  EXPECT_EQ(CodeOf(Create("x", other, &again, id)), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(CodeOf(Create("y", Good(), &again, "no-uuid")), "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(DocumentServiceTest, ValidateOnlyWritesNothing) {
  v1::Plan response;
  ASSERT_EQ(CodeOf(Create("x", Good(), &response, "", true)), "OK");
  EXPECT_EQ(response.name(), "plans/x");
  EXPECT_EQ(CodeOf(Get("plans/x", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Create("x", v1::Plan(), &response, "", true)),
            "INVALID_ARGUMENT FIELD_REQUIRED");
}

// A later contract may give the number a meaning, and what was never checked would have it.
TEST_F(DocumentServiceTest, FieldsThatNobodyKnowsAreNotKept) {
  const auto with_unknown = [](v1::Plan plan) {
    plan.GetReflection()->MutableUnknownFields(&plan)->AddLengthDelimited(1000, "unknown");
    plan.add_references()->set_title("A title");
    auto* reference = plan.mutable_references(0);
    reference->GetReflection()->MutableUnknownFields(reference)->AddVarint(1000, 1);
    return plan;
  };
  v1::Plan stored;
  ASSERT_EQ(CodeOf(Create("x", with_unknown(Good()), &stored)), "OK");
  EXPECT_TRUE(stored.GetReflection()->GetUnknownFields(stored).empty());
  v1::Plan change = with_unknown(Good());
  change.set_name("plans/x");
  ASSERT_EQ(CodeOf(Update(change, {"*"}, &stored)), "OK");
  EXPECT_EQ(stored.revision(), 1);  // nothing has changed
  ASSERT_EQ(CodeOf(Get("plans/x", &stored)), "OK");
  v1::Plan known = stored;
  known.DiscardUnknownFields();
  EXPECT_EQ(stored.SerializeAsString(), known.SerializeAsString());
}

TEST_F(DocumentServiceTest, GetRefusesBadNamesAndPoints) {
  v1::Plan response;
  EXPECT_EQ(CodeOf(Get("", &response)), "INVALID_ARGUMENT FIELD_REQUIRED");
  EXPECT_EQ(CodeOf(Get("measures/x", &response)), "INVALID_ARGUMENT NAME_INVALID");
  EXPECT_EQ(CodeOf(Get("plans/x/y", &response)), "INVALID_ARGUMENT NAME_INVALID");
  EXPECT_EQ(CodeOf(Get("plans/x", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Get("plans/x", &response, 99)), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(CodeOf(Get("plans/x", &response, -1)), "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(DocumentServiceTest, UpdateChangesWhatTheMaskNames) {
  v1::Plan created, updated;
  ASSERT_EQ(CodeOf(Create("x", Good(), &created)), "OK");
  v1::Plan change;
  change.set_name("plans/x");
  change.set_display_name("New name");
  ASSERT_EQ(CodeOf(Update(change, {"display_name"}, &updated)), "OK");
  EXPECT_EQ(updated.display_name(), "New name");
  EXPECT_EQ(updated.region(), "CN-HA");
  EXPECT_EQ(updated.revision(), 2);
  // The same again changes nothing and makes no revision.
  ASSERT_EQ(CodeOf(Update(change, {"display_name"}, &updated)), "OK");
  EXPECT_EQ(updated.revision(), 2);
  // Replacing clears what is not given.
  ASSERT_EQ(CodeOf(Update(change, {"*"}, &updated)), "OK");
  EXPECT_EQ(updated.region(), "");
  // The past is still there.
  v1::Plan past;
  ASSERT_EQ(CodeOf(Get("plans/x", &past, 1)), "OK");
  EXPECT_EQ(past.SerializeAsString(), created.SerializeAsString());
  EXPECT_EQ(CodeOf(Update(change, {"no_such_field"}, &updated)), "INVALID_ARGUMENT FIELD_INVALID");
  change.clear_display_name();
  EXPECT_EQ(CodeOf(Update(change, {"display_name"}, &updated)), "INVALID_ARGUMENT FIELD_REQUIRED");
}

TEST_F(DocumentServiceTest, UpdateChecksTheEtag) {
  v1::Plan created, updated;
  ASSERT_EQ(CodeOf(Create("x", Good(), &created)), "OK");
  v1::Plan change = created;
  change.set_display_name("One");
  ASSERT_EQ(CodeOf(Update(change, {}, &updated)), "OK");
  change.set_display_name("Two");
  EXPECT_EQ(CodeOf(Update(change, {}, &updated)), "ABORTED ETAG_MISMATCH");
  v1::Plan response;
  EXPECT_EQ(CodeOf(Delete("plans/x", &response, created.etag())), "ABORTED ETAG_MISMATCH");
}

TEST_F(DocumentServiceTest, UpdateOfAMissingOne) {
  v1::Plan change = Good(), updated;
  change.set_name("plans/x");
  EXPECT_EQ(CodeOf(Update(change, {}, &updated)), "NOT_FOUND RESOURCE_NOT_FOUND");
  ASSERT_EQ(CodeOf(Update(change, {"*"}, &updated, true)), "OK");
  EXPECT_EQ(updated.name(), "plans/x");
}

TEST_F(DocumentServiceTest, DeleteLeavesThePast) {
  v1::Plan created, response;
  ASSERT_EQ(CodeOf(Create("x", Good(), &created)), "OK");
  ASSERT_EQ(CodeOf(Delete("plans/x", &response)), "OK");
  EXPECT_EQ(CodeOf(Get("plans/x", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Delete("plans/x", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  ASSERT_EQ(CodeOf(Get("plans/x", &response, 1)), "OK");
  v1::ListPlanRevisionsRequest request;
  request.set_name("plans/x");
  v1::ListPlanRevisionsResponse revisions;
  ASSERT_EQ(CodeOf(CALL(plans_, ListPlanRevisions, request, &revisions)), "OK");
  ASSERT_EQ(revisions.plan_revisions_size(), 2);
  EXPECT_TRUE(revisions.plan_revisions(0).deleted());
  EXPECT_EQ(revisions.plan_revisions(1).name(), "plans/x/revisions/1");
  // The name can be used again.
  EXPECT_EQ(CodeOf(Create("x", Good(), &created)), "OK");
  request.set_name("plans/never");
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlanRevisions, request, &revisions)),
            "NOT_FOUND RESOURCE_NOT_FOUND");
  request.set_name("plans/x");
  request.set_page_token("nonsense");
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlanRevisions, request, &revisions)),
            "INVALID_ARGUMENT PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlanRevisions, request, &revisions)),
            "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(DocumentServiceTest, ListPagesFiltersAndOrders) {
  v1::Plan response;
  for (int i = 0; i < 7; ++i) {
    v1::Plan plan = Good();
    plan.set_display_name(absl::StrCat("Plan ", 9 - i));
    if (i % 2 == 0) plan.set_region("GB-ENG");
    ASSERT_EQ(CodeOf(Create(absl::StrCat("p", i), plan, &response)), "OK");
  }
  v1::ListPlansRequest request;
  request.set_page_size(3);
  std::vector<std::string> names;
  for (int page = 0; page < 3; ++page) {
    v1::ListPlansResponse list;
    ASSERT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "OK");
    for (const auto& plan : list.plans()) names.push_back(plan.name());
    request.set_page_token(list.next_page_token());
    // What is created between pages is not part of the listing.
    ASSERT_EQ(CodeOf(Create(absl::StrCat("p9-", page), Good(), &response)), "OK");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"plans/p0", "plans/p1", "plans/p2", "plans/p3",
                                             "plans/p4", "plans/p5", "plans/p6"}));
  EXPECT_EQ(request.page_token(), "");

  v1::ListPlansResponse list;
  request.Clear();
  request.set_filter("region = \"GB-ENG\"");
  request.set_order_by("display_name");
  request.set_page_size(2);
  ASSERT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "OK");
  ASSERT_EQ(list.plans_size(), 2);
  EXPECT_EQ(list.plans(0).name(), "plans/p6");
  EXPECT_EQ(list.plans(1).name(), "plans/p4");
  request.set_page_token(list.next_page_token());
  ASSERT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "OK");
  ASSERT_EQ(list.plans_size(), 2);
  EXPECT_EQ(list.plans(0).name(), "plans/p2");
  // A token belongs to its own arguments.
  request.set_filter("");
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "INVALID_ARGUMENT PAGE_TOKEN_INVALID");
  request.Clear();
  request.set_filter("no_such = 1");
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "INVALID_ARGUMENT FILTER_INVALID");
  request.Clear();
  request.set_order_by("no_such");
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "INVALID_ARGUMENT ORDER_BY_INVALID");
  request.Clear();
  request.set_page_size(-1);
  EXPECT_EQ(CodeOf(CALL(plans_, ListPlans, request, &list)), "INVALID_ARGUMENT FIELD_INVALID");
}

TEST_F(DocumentServiceTest, EverythingIsThereAfterARestart) {
  v1::Plan created, read;
  ASSERT_EQ(CodeOf(Create("x", Good(), &created)), "OK");
  Restart();
  ASSERT_EQ(CodeOf(Get("plans/x", &read)), "OK");
  EXPECT_EQ(read.SerializeAsString(), created.SerializeAsString());
}

}  // namespace
}  // namespace policytrack::rpc_test
