// Hooklane in the AWS CDK, version 2. `install.sh --upload-only` brought the release into the bucket.

const { App, CfnOutput, CfnStack, RemovalPolicy, Stack } = require("aws-cdk-lib");

class Webhooks extends Stack {
  // `release` is the version, as the release's file VERSION has it. Another one is an upgrade, or a rollback.
  // `parameters` are those of docs/parameters.md.
  constructor(scope, id, { bucket, release, parameters, ...props }) {
    super(scope, id, props);
    const prefix = `hooklane/${release}`;
    const hooklane = new CfnStack(this, "Hooklane", {
      templateUrl: `https://s3.${this.region}.${this.urlSuffix}/${bucket}/${prefix}/template.json`,
      parameters: { ...parameters, ArtifactBucket: bucket, ArtifactPrefix: prefix },
    });
    // It holds the tables and secrets of your webhooks.
    hooklane.applyRemovalPolicy(RemovalPolicy.RETAIN);
    for (const name of ["ApiUrl", "EventQueueArn"]) {
      new CfnOutput(this, name, { value: hooklane.getAtt(`Outputs.${name}`).toString() });
    }
  }
}

const { HOOKLANE_BUCKET: bucket, HOOKLANE_RELEASE: release } = process.env;
if (!bucket || !release) throw new Error("HOOKLANE_BUCKET and HOOKLANE_RELEASE must be set");

const app = new App();
new Webhooks(app, "Webhooks", {
  bucket,
  release,
  parameters: { Scale: "small" },
});
app.synth();
