"""Repositories of the frameworks that can be imported, written for these tests alone."""

from __future__ import annotations

import json

ECR = "SMP_ACCOUNTID.dkr.ecr.SMP_REGION.amazonaws.com"
VALUES = {
    "SMP_ACCOUNTID": "123456789012",
    "SMP_REGION": "eu-west-1",
    "SMP_S3BUCKETNAME": "warehouse",
}
# One model with a step of every class, and every setting that the schema has.
CHURN = f"""\
---
conf:
  models:
    churn:
      source_directory: churn/code
      name: churn-model
      clean:
        image_uri: {ECR}/tools:1
        entry_point: clean.py
        base_job_name: churn-clean
        instance_count: 2
        instance_type: ml.c5.xlarge
        volume_size_in_gb: 40
        max_runtime_seconds: 90
        tags: [{{Key: team, Value: sales}}]
        env: {{LEVEL: 3}}
        framework_version: "1.2"
        s3_data_distribution_type: ShardedByS3Key
        s3_upload_mode: Continuous
        channels:
          train:
            dataFiles:
              - sourceName: customers
                fileName: s3://SMP_S3BUCKETNAME/churn/customers.csv
              - sourceName: contracts-2026
                fileName: s3://SMP_S3BUCKETNAME/churn/contracts.csv
          hold-out:
            s3Bucket: SMP_S3BUCKETNAME
            s3InputPrefix: churn/late
            dataFiles: [{{sourceName: late, fileName: late.csv}}]
      train:
        image_uri: {ECR}/boost:2
        entry_point: fitting/train.py
        hyperparams: {{trees: 40, rate: 0.1, kind: "best", centred: true}}
        model_data_uri: s3://SMP_S3BUCKETNAME/earlier/model.tar.gz
        output_path: s3://SMP_S3BUCKETNAME/out
        content_type: text/csv
        input_mode: FastFile
        max_runtime_seconds: 7200
        channels:
          train:
            dataFiles:
              - {{sourceName: a, fileName: "s3://SMP_S3BUCKETNAME/churn/a.csv"}}
              - {{sourceName: b, fileName: "s3://SMP_S3BUCKETNAME/churn/b.csv"}}
          test:
            dataFiles: [{{sourceName: c, fileName: "s3://SMP_S3BUCKETNAME/churn/c.csv"}}]
      registry:
        ModelRepack: "False"
        ModelPackageDescription: Who leaves
        InferenceSpecification:
          image_uri: {ECR}/serve:3
          supported_content_types: [text/csv, application/json]
          supported_response_MIME_types: [application/json]
          approval_status: Approved
          SupportedRealtimeInferenceInstanceTypes: [ml.c5.large]
      transform:
        image_uri: {ECR}/serve:3
        entry_point: inference.py
        strategy: MultiRecord
        assemble_with: Line
        join_source: Input
        split_type: Line
        content_type: text/csv
        max_payload: 6
        volume_size: 50
        input_filter: "$[1:]"
        output_filter: "$[0,-1]"
        channels:
          test:
            s3BucketName: SMP_S3BUCKETNAME
            inputBucketPrefix: churn
            dataFiles: [{{sourceName: x, fileName: x_test.csv}}]
      evaluate:
        image_uri: {ECR}/tools:1
        entry_point: score.py
        strategy: SingleRecord
        channels:
          test:
            dataFiles: [{{sourceName: truth, fileName: "s3://SMP_S3BUCKETNAME/churn/y_test.csv"}}]
      tune: {{strategy: Bayesian}}
      surprise: 7
  sagemakerPipeline:
    pipelineName: churn-pipeline
    models:
      churn:
        steps:
          - step_name: churn-Clean
            step_class: Processing
            step_type: clean
            enable_cache: false
          - {{step_name: churn-Training, step_class: Training, enable_cache: true}}
          - {{step_name: churn-CreateModel, step_class: CreateModel}}
          - {{step_name: churn-Transform, step_class: Transform, enable_cache: true}}
          - step_name: churn-Metrics
            step_class: Metrics
            chain_input_source_step: [churn-Transform]
          - {{step_name: churn-Register, step_class: RegisterModel, enable_cache: true}}
    dependencies:
      - churn-Clean >> churn-Training >> churn-CreateModel
      - churn-Transform  >>churn-Metrics >> churn-Register
"""
# Two models, of which the first makes components for the second, in two files.
COMPONENTS = f"""\
conf:
  models:
    pca_model:
      source_directory: components/scripts
      prepare: &job
        image_uri: {ECR}/scikit:1
        entry_point: prepare.py
        channels:
          train:
            dataFiles: [{{sourceName: raw, fileName: "s3://SMP_S3BUCKETNAME/houses.data"}}]
      train:
        image_uri: {ECR}/scikit:1
        entry_point: train.py
      registry: &registry
        InferenceSpecification:
          image_uri: {ECR}/scikit:1
          supported_content_types: [text/csv]
          supported_response_MIME_types: [text/csv]
"""
PRICES = f"""\
conf:
  models:
    prices:
      source_directory: prices/scripts
      prepare:
        image_uri: {ECR}/scikit:1
        entry_point: prepare.py
        channels:
          train:
            dataFiles: [{{sourceName: raw, fileName: "s3://SMP_S3BUCKETNAME/houses.data"}}]
          test:
            dataFiles: [{{sourceName: late, fileName: "s3://SMP_S3BUCKETNAME/late.data"}}]
      train: {{image_uri: "{ECR}/flow:1", entry_point: train.py}}
      registry:
        ModelRepack: "False"
        InferenceSpecification:
          image_uri: {ECR}/flow:1
          supported_content_types: [application/json]
          supported_response_MIME_types: [application/json]
      transform:
        entry_point: inference.py
        channels: {{test: }}
      evaluate: {{image_uri: "{ECR}/scikit:1", entry_point: evaluate.py, channels: test}}
  sagemakerPipeline:
    pipelineName: houses
    models:
      pca_model:
        steps:
          - {{step_name: pca-model-Preprocess, step_class: Processing, step_type: prepare}}
          - step_name: pca-model-Training
            step_class: Training
            chain_input_source_step: [pca-model-Preprocess]
          - {{step_name: pca-model-Register, step_class: RegisterModel}}
      prices:
        steps:
          - step_name: Clean
            step_class: Processing
            step_type: prepare
            chain_input_source_step: pca-model-Training
          - {{step_name: Fit, step_class: Training, chain_input_source_step: [Clean]}}
          - {{step_name: Create, step_class: CreateModel}}
          - step_name: Predict
            step_class: Transform
            chain_input_source_step: [Clean]
            chain_input_additional_prefix: rows/x_test.csv
          - step_name: Score
            step_class: Metrics
            chain_input_source_step: [Clean, Predict]
          - {{step_name: Publish, step_class: RegisterModel}}
    dependencies:
      - Clean >> Fit >> Create >> Predict >> Score >> Publish
      - pca-model-Preprocess>>pca-model-Training >> [pca-model-Register, Clean]
      - "[ pca-model-Register , Score ] >> Publish"
"""
ACCOUNT = """\
conf:
  applicationName: houses
  s3Bucket: SMP_S3BUCKETNAME
  modelConfigFilePath: SMP_MODEL_CONFIGPATH
  sagemakerNetworkSecurity:
    role: SMP_ROLE
    subnets: SMP_SUBNETS
    security_groups_id: SMP_SECURITYGROUPS
"""
PROGRAM = "print('hello')\n"
PROGRAMS = {
    "churn/code/clean.py": "import helper\n",
    "churn/code/helper.py": PROGRAM,
    "churn/code/fitting/train.py": PROGRAM,
    "churn/code/score.py": PROGRAM,
    "churn/code/requirements.txt": "lightgbm\n",
    "components/scripts/prepare.py": PROGRAM,
    "components/scripts/train.py": PROGRAM,
    "prices/scripts/prepare.py": PROGRAM,
    "prices/scripts/train.py": PROGRAM,
    "prices/scripts/evaluate.py": PROGRAM,
}
PARAMETERS = {
    "tuningJobName": "gbm-tuning",
    "tuningStrategy": "Random",
    "algorithmARN": "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/gbm",
    "maxParallelTrainingJobs": "3",
    "maxNumberOfTrainingJobs": 12,
    "inputContentType": "text/csv",
    "trainingJobDefinitionName": "gbm",
    "enableManagedSpotTraining": True,
    "spotTrainingCheckpointS3Uri": "s3://warehouse/checkpoints",
    "trainingInstanceType": "ml.c5.4xlarge",
    "trainingInstanceVolumeSizeInGB": 25,
    "trainingJobEarlyStoppingType": "Auto",
    "endpointName": "gbm-endpoint",
    "model": {
        "artifactType": "MOJO",
        "artifactsS3OutputPath": "s3://warehouse/models",
        "name": "gbm-model",
        "trainingSecurityGroupIds": ["sg-1"],
        "trainingSubnets": ["subnet-1"],
        "hosting": {"initialInstanceCount": "1", "instanceType": "ml.c5.large"},
    },
    "autoscalingMinCapacity": 1,
    "autoscalingMaxCapacity": 4,
    "targetTrackingScalingPolicyConfiguration": {"DisableScaleIn": True, "TargetValue": 5000},
}
HYPERPARAMETERS = {
    "parameterRanges": {
        "IntegerParameterRanges": [
            {"Name": "ntrees", "MinValue": "10", "MaxValue": "100", "ScalingType": "Linear"}
        ],
        "ContinuousParameterRanges": [
            {
                "Name": "learn_rate",
                "MinValue": "0.01",
                "MaxValue": "0.5",
                "ScalingType": "Logarithmic",
            }
        ],
        "CategoricalParameterRanges": [{"Name": "histogram", "Values": ["Random", "Uniform"]}],
    },
    "staticHyperParameters": {"max_depth": "12", "distribution": "gaussian", "balance": "false"},
}


def _channel(name, uri):
    source = {"S3DataDistributionType": "FullyReplicated", "S3DataType": "S3Prefix", "S3Uri": uri}
    return {"channelName": name, "s3DataSource": {"AttributeNames": [], **source}}


MANIFEST = {
    "channels": [
        _channel("training", "s3://warehouse/gbm/train"),
        _channel("validation", "s3://warehouse/gbm/valid"),
    ]
}
CONFIGURATIONS = {
    "churn/conf/conf.yaml": CHURN,
    "components/conf/conf.yaml": COMPONENTS,
    "prices/conf/conf.yaml": PRICES,
    "framework/conf/conf.yaml": ACCOUNT,
    "tuner/ml-parameters.json": json.dumps(PARAMETERS, indent="\t"),
    "tuner/hyperparameters.json": json.dumps(HYPERPARAMETERS),
    "tuner/manifest.json": json.dumps(MANIFEST),
}


def write_repository(root):
    """Write all configurations and their programs."""
    for name, content in (CONFIGURATIONS | PROGRAMS).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root
