// Documents, references, evaluations, cursors and stored answers.
#include "core/error.h"
#include "gmock/gmock.h"
#include "tests/storage/store_conformance.h"

namespace policytrack::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> NamesOf(const absl::StatusOr<std::vector<Document>>& documents) {
  EXPECT_TRUE(documents.ok()) << documents.status();
  std::vector<std::string> names;
  for (const Document& document : *documents) names.push_back(document.name);
  return names;
}

TEST_P(StoreConformanceTest, DocumentAsOfEachRevision) {
  Put("plans/other", "x");
  Put("plans/a", "first");
  Put("plans/a", std::string("sec\0nd", 6));
  Put("plans/a", "last", true);
  Read([](ReadTransaction& t) {
    EXPECT_FALSE(t.GetDocument("plans/a", 1)->has_value());
    EXPECT_EQ((*t.GetDocument("plans/a", 2))->body, "first");
    const auto third = t.GetDocument("plans/a", 3);
    EXPECT_EQ((*third)->body, std::string("sec\0nd", 6));
    EXPECT_EQ((*third)->revision, 3);
    EXPECT_FALSE((*third)->deleted);
    for (const int64_t as_of : {int64_t{4}, int64_t{99}, kPresent}) {
      const auto last = t.GetDocument("plans/a", as_of);
      EXPECT_TRUE((*last)->deleted);
      EXPECT_EQ((*last)->name, "plans/a");
    }
    EXPECT_FALSE(t.GetDocument("plans/b", kPresent)->has_value());
  });
}

TEST_P(StoreConformanceTest, ListDocumentsByNameOfOneCollection) {
  Put("plans/b", "");
  Put("plans/a", "");
  Put("measures/a", "");
  Put("plans/c", "", true);
  Put("plans/d", "");
  Read([](ReadTransaction& t) {
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "", 10, kPresent, false)),
                ElementsAre("plans/a", "plans/b", "plans/d"));
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "", 10, kPresent, true)),
                ElementsAre("plans/a", "plans/b", "plans/c", "plans/d"));
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "plans/a", 1, kPresent, false)),
                ElementsAre("plans/b"));
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "plans/b", 1, kPresent, false)),
                ElementsAre("plans/d"));
    EXPECT_THAT(NamesOf(t.ListDocuments("plan", "", 10, kPresent, true)), IsEmpty());
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "", 0, kPresent, true)), IsEmpty());
  });
}

TEST_P(StoreConformanceTest, ListDocumentsAsOf) {
  Put("plans/b", "b1");        // 1
  Put("plans/a", "a2");        // 2
  Put("plans/b", "b3", true);  // 3
  Put("plans/b", "b4");        // 4
  Read([](ReadTransaction& t) {
    const auto bodies = [&](int64_t as_of, bool deleted) {
      std::vector<std::string> found;
      const auto documents = t.ListDocuments("plans", "", 10, as_of, deleted);
      for (const Document& document : *documents) found.push_back(document.body);
      return found;
    };
    EXPECT_THAT(bodies(0, true), IsEmpty());
    EXPECT_THAT(bodies(1, false), ElementsAre("b1"));
    EXPECT_THAT(bodies(2, false), ElementsAre("a2", "b1"));
    EXPECT_THAT(bodies(3, false), ElementsAre("a2"));
    EXPECT_THAT(bodies(3, true), ElementsAre("a2", "b3"));
    EXPECT_THAT(bodies(4, false), ElementsAre("a2", "b4"));
    EXPECT_THAT(NamesOf(t.ListDocuments("plans", "plans/a", 10, 2, false)), ElementsAre("plans/b"));
  });
}

TEST_P(StoreConformanceTest, ListDocumentRevisionsNewestFirst) {
  for (int i = 1; i <= 4; ++i) Put(i == 2 ? "plans/b" : "plans/a", "");
  Read([](ReadTransaction& t) {
    const auto revisions = [&](int64_t before, int limit) {
      std::vector<int64_t> found;
      const auto documents = t.ListDocumentRevisions("plans/a", before, limit);
      for (const Document& document : *documents) found.push_back(document.revision);
      return found;
    };
    EXPECT_THAT(revisions(kPresent, 10), ElementsAre(4, 3, 1));
    EXPECT_THAT(revisions(kPresent, 1), ElementsAre(4));
    EXPECT_THAT(revisions(4, 1), ElementsAre(3));
    EXPECT_THAT(revisions(1, 1), IsEmpty());
  });
}

TEST_P(StoreConformanceTest, ReferencesFollowThePresentState) {
  Put("measures/b", "", false, {"plans/a", "indicators/x", "plans/a"});
  Put("measures/a", "", false, {"plans/a"});
  Put("measures/c", "", true, {"plans/a"});  // a soft-deleted one that still refers
  const auto referrers = [&](const std::string& target) {
    std::vector<std::string> found;
    Read([&](ReadTransaction& t) { found = *t.ListReferrers(target, 10); });
    return found;
  };
  EXPECT_THAT(referrers("plans/a"), ElementsAre("measures/a", "measures/b", "measures/c"));
  EXPECT_THAT(referrers("indicators/x"), ElementsAre("measures/b"));
  Put("measures/b", "", false, {"plans/b"});
  Put("measures/a", "", true);
  EXPECT_THAT(referrers("plans/a"), ElementsAre("measures/c"));
  EXPECT_THAT(referrers("plans/b"), ElementsAre("measures/b"));
  Read([](ReadTransaction& t) { EXPECT_EQ(t.ListReferrers("plans/a", 0)->size(), 0u); });
}

TEST_P(StoreConformanceTest, WriteSeesItsOwnDocumentsAndThePast) {
  Put("plans/a", "old");
  Write([](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.PutDocument("plans/a", "new", false, {}));
    PT_RETURN_IF_ERROR(t.PutDocument("plans/b", "draft", false, {}));
    PT_RETURN_IF_ERROR(t.PutDocument("plans/b", "final", false, {}));
    EXPECT_EQ(t.revision(), 1);
    EXPECT_EQ(t.next_revision(), 2);
    EXPECT_EQ((*t.GetDocument("plans/a", kPresent))->body, "new");
    EXPECT_EQ((*t.GetDocument("plans/a", 1))->body, "old");
    EXPECT_EQ((*t.GetDocument("plans/b", kPresent))->body, "final");
    EXPECT_EQ(t.ListDocuments("plans", "", 10, kPresent, false)->size(), 2u);
    EXPECT_EQ(t.ListDocuments("plans", "", 10, 1, false)->size(), 1u);
    return absl::OkStatus();
  });
  Read([](ReadTransaction& t) {
    EXPECT_EQ(t.ListDocumentRevisions("plans/b", kPresent, 10)->size(), 1u);
  });
}

TEST_P(StoreConformanceTest, CommitTellsWhatBecameOfDocuments) {
  Put("plans/a", "1");
  Put("plans/a", "2");
  Put("plans/a", "2", true);
  Put("plans/a", "3");
  Read([](ReadTransaction& t) {
    const auto change = [&](int64_t revision) {
      const auto commit = t.GetCommit(revision);
      EXPECT_EQ((*commit)->changes.size(), 1u);
      const CommitChange& c = (*commit)->changes[0];
      EXPECT_EQ(c.name, "plans/a");
      EXPECT_TRUE(c.document);
      return std::vector<int64_t>{c.created, c.revised, c.deleted};
    };
    EXPECT_THAT(change(1), ElementsAre(1, 0, 0));
    EXPECT_THAT(change(2), ElementsAre(0, 1, 0));
    EXPECT_THAT(change(3), ElementsAre(0, 0, 1));
    EXPECT_THAT(change(4), ElementsAre(0, 1, 0));
  });
}

TEST_P(StoreConformanceTest, EvaluationAsOf) {
  Put("plans/a", "");
  Write([](WriteTransaction& t) { return t.PutEvaluation("indicators/x", "two"); });
  Put("plans/a", "");
  Write([](WriteTransaction& t) { return t.PutEvaluation("indicators/x", "four"); });
  Read([](ReadTransaction& t) {
    EXPECT_EQ(*t.GetEvaluation("indicators/x", 1), std::nullopt);
    EXPECT_EQ(*t.GetEvaluation("indicators/x", 2), "two");
    EXPECT_EQ(*t.GetEvaluation("indicators/x", 3), "two");
    EXPECT_EQ(*t.GetEvaluation("indicators/x", kPresent), "four");
    EXPECT_EQ(*t.GetEvaluation("indicators/y", kPresent), std::nullopt);
  });
}

TEST_P(StoreConformanceTest, CursorsKeepTheLastValue) {
  Write([](WriteTransaction& t) { return t.SetCursor("a", 1); });
  Write([](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.SetCursor("a", 2));
    EXPECT_EQ(*t.GetCursor("a"), 2);
    return t.SetCursor("b", -1);
  });
  Read([](ReadTransaction& t) {
    EXPECT_EQ(*t.GetCursor("a"), 2);
    EXPECT_EQ(*t.GetCursor("b"), -1);
    EXPECT_EQ(*t.GetCursor("c"), 0);
  });
}

TEST_P(StoreConformanceTest, ExpiredAnswersAreDroppedALittleAtATime) {
  const absl::Time expire = clock_.Now() + absl::Hours(1);
  Write([&](WriteTransaction& t) -> absl::Status {
    for (const char* id : {"a", "b", "c"}) {
      PT_RETURN_IF_ERROR(t.PutAnswer("p", "m", id, {"d", "answer"}, expire));
    }
    return t.PutAnswer("p", "m", "later", {"d", "answer"}, expire + absl::Hours(1));
  });
  const auto drop = [&](int limit) {
    int64_t dropped = -1;
    Write([&](WriteTransaction& t) -> absl::Status {
      PT_ASSIGN_OR_RETURN(dropped, t.DropExpiredAnswers(limit));
      return absl::OkStatus();
    });
    return dropped;
  };
  EXPECT_EQ(drop(10), 0);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(drop(2), 2);
  EXPECT_EQ(drop(2), 1);
  EXPECT_EQ(drop(2), 0);
  Read([&](ReadTransaction& t) {
    EXPECT_TRUE(t.FindAnswer("p", "m", "later")->has_value());
    EXPECT_EQ(t.revision(), 0) << "that is no commit";
  });
}

TEST_P(StoreConformanceTest, AnswersAreScopedAndExpire) {
  const ReadTransaction::StoredAnswer answer{std::string("\0d", 2), ""};
  const absl::Time expire = clock_.Now() + absl::Hours(1);
  Write([&](WriteTransaction& t) { return t.PutAnswer("p", "m", "id", answer, expire); });
  const auto found = [&](const char* principal, const char* method, const char* id) {
    bool there = false;
    Read([&](ReadTransaction& t) { there = t.FindAnswer(principal, method, id)->has_value(); });
    return there;
  };
  Read([&](ReadTransaction& t) {
    const auto stored = t.FindAnswer("p", "m", "id");
    EXPECT_EQ((*stored)->digest, answer.digest);
    EXPECT_EQ((*stored)->response, "");
  });
  EXPECT_FALSE(found("q", "m", "id"));
  EXPECT_FALSE(found("p", "n", "id"));
  EXPECT_FALSE(found("p", "m", "other"));
  clock_.Advance(absl::Hours(1) - absl::Microseconds(1));
  EXPECT_TRUE(found("p", "m", "id"));
  clock_.Advance(absl::Microseconds(1));
  EXPECT_FALSE(found("p", "m", "id"));
  // The same id is free again.
  Write([&](WriteTransaction& t) {
    return t.PutAnswer("p", "m", "id", {"d", "again"}, clock_.Now() + absl::Hours(1));
  });
  Read([&](ReadTransaction& t) { EXPECT_EQ((*t.FindAnswer("p", "m", "id"))->response, "again"); });
}

}  // namespace
}  // namespace policytrack::storage
