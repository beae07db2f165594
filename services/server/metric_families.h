// Families of metrics made by hand: the one place that knows Prometheus' client
// library.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_SERVICES_SERVER_METRIC_FAMILIES_H_
#define POLICYTRACK_SERVICES_SERVER_METRIC_FAMILIES_H_

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace policytrack::server {

class MetricFamilies {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void Counter(const std::string& name, const std::string& help, double value,
               const Labels& labels = {}) {
    Add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  }
  void Gauge(const std::string& name, const std::string& help, double value,
             const Labels& labels = {}) {
    Add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  }
  // To be filled by the caller; cumulative, and with a bucket for infinity.
  prometheus::ClientMetric::Histogram& Histogram(const std::string& name, const std::string& help,
                                                 const Labels& labels) {
    return Add(name, help, prometheus::MetricType::Histogram, labels).histogram;
  }

  std::string Text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  // Metrics of one name follow one another.
  prometheus::ClientMetric& Add(const std::string& name, const std::string& help,
                                prometheus::MetricType type, const Labels& labels) {
    if (families_.empty() || families_.back().name != name) {
      prometheus::MetricFamily family;
      family.name = name;
      family.help = help;
      family.type = type;
      families_.push_back(std::move(family));
    }
    prometheus::ClientMetric metric;
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    families_.back().metric.push_back(std::move(metric));
    return families_.back().metric.back();
  }

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_METRIC_FAMILIES_H_
