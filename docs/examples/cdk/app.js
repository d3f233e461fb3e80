// Hooklane in the AWS CDK, version 2. `install.sh --upload-only` brought the release into the bucket.

const { App, CfnOutput, CfnStack, Stack } = require("aws-cdk-lib");

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
    for (const name of ["ApiUrl", "EventQueueArn"]) {
      new CfnOutput(this, name, { value: hooklane.getAtt(`Outputs.${name}`).toString() });
    }
  }
}

const app = new App();
new Webhooks(app, "Webhooks", {
  bucket: process.env.HOOKLANE_BUCKET,
  release: process.env.HOOKLANE_RELEASE,
  parameters: { Scale: "small" },
});
app.synth();
