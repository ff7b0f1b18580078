# Rscript scoring_survey.R FOLDER: R `survey` on the responses that scoring_data.py wrote.
# Shares of 20 items with standard errors, post-stratified ones with theirs, and the shares by group without any.
suppressMessages(library(survey))
folder <- commandArgs(TRUE)[1]
began <- proc.time()[3]
file <- file(file.path(folder, "survey.bin"), "rb")
n <- readBin(file, "integer", 1, 4)
d <- data.frame(group = factor(readBin(file, "integer", n, 1, signed = FALSE)))
d$school <- readBin(file, "integer", n, 2, signed = FALSE)
d$overall <- readBin(file, "integer", n, 1, signed = FALSE)
items <- paste0("q", 1:20)
for (item in items) d[[item]] <- as.numeric(readBin(file, "integer", n, 1, signed = FALSE))
close(file)
d$locality <- (d$school - 1) %% 3
loaded <- proc.time()[3]
every <- as.formula(paste("~", paste(items, collapse = "+")))
design <- svydesign(ids = ~school, strata = ~locality, weights = ~1, data = d)
pooled <- svymean(~overall, design)
all_items <- svymean(every, design)
sizes <- data.frame(group = levels(d$group), Freq = c(21000, 20500, 19000, 14000, 12500, 8000, 5000))
weighted <- svymean(every, postStratify(design, ~group, sizes))
by_group <- svyby(every, ~group, design, svymean, keep.var = FALSE)
done <- proc.time()[3]
peak <- as.numeric(sub("\\D+(\\d+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(sprintf('{"load": %.3f, "compute": %.3f, "peak_mib": %.1f, "share": %.17g, "error": %.17g, "tool": "R survey %s"}\n',
  loaded - began, done - loaded, peak, coef(pooled)[[1]], SE(pooled)[[1]], packageVersion("survey")))
